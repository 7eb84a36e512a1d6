/** What the reader may do with a change now; what he may not says why. */
import type { ChangeAction, ChangeView } from '@apledger/api';
import { useState } from 'preact/hooks';
import { approve, confirm, refuse, resume, start, withdraw } from '../api/access.ts';
import { refreshAccess } from '../state/access.ts';
import { messageOf } from '../state/session.ts';
import { Problem } from './problem.tsx';

export interface ChangeActionsProps {
  readonly change: ChangeView;
  /** What is shown is not what there is by now: nobody agrees to what he has not seen. */
  readonly isStale: boolean;
  readonly onDone: (after: ChangeView) => void;
}

interface Act {
  readonly words: string;
  readonly title?: string;
  /** It is recorded with a reason. */
  readonly hasReason: boolean;
  /** It goes by what the reader has seen. */
  readonly isJudgement?: boolean;
  readonly run: (change: ChangeView, reason: string) => Promise<ChangeView>;
}

const resumed = (how: 'retry' | 'continue' | 'back' | 'leave') => (change: ChangeView, reason: string) =>
  resume(change.change, how, reason);

/** In the order in which they stand: those that end something first. */
const ACTS: Readonly<Record<ChangeAction, Act>> = {
  withdraw: { words: 'Withdraw', hasReason: true, run: ({ change }, reason) => withdraw(change, reason) },
  refuse: { words: 'Refuse', hasReason: true, run: ({ change }, reason) => refuse(change, reason) },
  leave: {
    words: 'Leave it as it is',
    title: 'Nothing more is done, there or back',
    hasReason: true,
    run: resumed('leave'),
  },
  back: {
    words: 'Go back',
    title: 'Gives back assignments, not what a reset has wiped',
    hasReason: true,
    run: resumed('back'),
  },
  retry: { words: 'Retry the step', hasReason: true, run: resumed('retry') },
  continue: {
    words: 'Continue with what is left',
    title: 'The rest is planned anew, from the host as it is',
    hasReason: true,
    run: resumed('continue'),
  },
  start: {
    words: 'Start',
    hasReason: false,
    isJudgement: true,
    run: ({ change, plan }) => start(change, plan?.planHash ?? ''),
  },
  confirm: {
    words: 'Confirm: it stays',
    hasReason: false,
    run: ({ change }) => confirm(change),
  },
  approve: { words: 'Approve, and carry out', hasReason: false, isJudgement: true, run: approve },
};
/** With these a change goes on, so they stand out. */
const MAIN: ReadonlySet<string> = new Set(['start', 'confirm', 'approve']);

export function ChangeActions({ change, isStale, onDone }: ChangeActionsProps) {
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const { actions, whyNot, status } = change;
  // An open proposal shows its buttons also to those who may not judge it, and why they are off; not where it takes no second person.
  const isDenied = status === 'proposed' && whyNot !== null && !actions.includes('start');
  const shown = new Set(isDenied ? [...actions, ...JUDGEMENTS] : actions);
  if (shown.size === 0) return null;
  const names = (Object.keys(ACTS) as ChangeAction[]).filter((name) => shown.has(name));
  const act = (name: ChangeAction) => async (): Promise<void> => {
    setBusy(true);
    setProblem('');
    try {
      onDone(await ACTS[name].run(change, reason));
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
      {isDenied && <p class="hint">You may not judge it: {whyNot}.</p>}
      <Problem words={problem} />
      {names.some((name) => ACTS[name].hasReason) && (
        <label>
          Reason, to{' '}
          {names
            .filter((name) => ACTS[name].hasReason)
            .map((name) => ACTS[name].words.toLowerCase())
            .join(', or to ')}
          <input
            maxLength={500}
            value={reason}
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
          />
        </label>
      )}
      {names.map((name) => {
        const { words, title, hasReason, isJudgement = false } = ACTS[name];
        const denied = actions.includes(name) ? undefined : (whyNot ?? undefined);
        const stale = isStale && isJudgement ? 'It is another by now: look at it first' : undefined;
        return (
          <button
            key={name}
            type="button"
            class={MAIN.has(name) ? 'is-primary' : undefined}
            disabled={isBusy || denied !== undefined || stale !== undefined || (hasReason && isReasonless)}
            title={denied ?? stale ?? title}
            onClick={act(name)}
          >
            {words}
          </button>
        );
      })}
    </div>
  );
}

const JUDGEMENTS = ['refuse', 'approve'] as const;
