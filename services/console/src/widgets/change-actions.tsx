/** What the reader may do with a change now; what he may not says why. */
import type { ChangeView } from '@apledger/api';
import { useState } from 'preact/hooks';
import { approve, refuse, withdraw } from '../api/access.ts';
import { me, refreshAccess } from '../state/access.ts';
import { messageOf } from '../state/session.ts';

export interface ChangeActionsProps {
  readonly change: ChangeView;
  /** What is shown is not what there is by now: nobody agrees to what he has not seen. */
  readonly isStale: boolean;
  readonly onDone: (after: ChangeView) => void;
}

export function ChangeActions({ change, isStale, onDone }: ChangeActionsProps) {
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  if (change.status !== 'proposed' && change.status !== 'approved') return null;
  const { proposedBy, whyNot } = change;
  const isOwn =
    proposedBy !== null &&
    me.value?.subject?.issuer === proposedBy.issuer &&
    me.value.subject.subject === proposedBy.subject;
  const denied = whyNot ?? undefined;
  const act = (work: () => Promise<ChangeView>) => async (): Promise<void> => {
    setBusy(true);
    setProblem('');
    try {
      onDone(await work());
      setReason('');
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setBusy(false);
      await refreshAccess();
    }
  };
  const isReasonless = reason.trim() === '';
  return (
    <div class="change-actions">
      {denied !== undefined && <p class="hint">You may not judge it: {denied}.</p>}
      {problem !== '' && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <label>
        Reason to {isOwn ? 'withdraw' : 'refuse'} it
        <input
          maxLength={500}
          value={reason}
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </label>
      {isOwn && (
        <button
          type="button"
          disabled={isBusy || isReasonless}
          onClick={act(() => withdraw(change.change, reason))}
        >
          Withdraw
        </button>
      )}
      <button
        type="button"
        disabled={isBusy || denied !== undefined || isReasonless}
        title={denied}
        onClick={act(() => refuse(change.change, reason))}
      >
        Refuse
      </button>
      <button
        type="button"
        class="is-primary"
        disabled={isBusy || isStale || denied !== undefined}
        title={isStale ? 'It is another by now: look at it first' : denied}
        onClick={act(() => approve(change))}
      >
        Approve, and carry out
      </button>
    </div>
  );
}
