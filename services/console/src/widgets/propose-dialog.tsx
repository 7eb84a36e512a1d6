/** Asks for a second person: the commands, with the reason, as a change that somebody else approves. */
import type { ChangeView } from '@apledger/api';
import type { Command } from '@apledger/events';
import { useRef, useState } from 'preact/hooks';
import { propose } from '../api/access.ts';
import type { Tried } from '../model/tried.ts';
import { me, refreshAccess, whyNot } from '../state/access.ts';
import { usePage } from '../state/page.tsx';
import { messageOf } from '../state/session.ts';
import { Problem } from './problem.tsx';

export interface ProposeDialogProps {
  readonly tried: Tried;
  readonly commands: readonly Command[];
}

export function ProposeDialog({ tried, commands }: ProposeDialogProps) {
  const { href } = usePage();
  const dialog = useRef<HTMLDialogElement>(null);
  const [opened, setOpened] = useState<readonly Command[]>([]);
  const [reason, setReason] = useState('');
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState('');
  const [proposed, setProposed] = useState<ChangeView>();
  // Where nobody signs in there is no second person: nobody can be told from another.
  if (me.value?.isControlled !== true) return null;
  const { host } = tried;
  const denied = whyNot('propose', host);
  const send = async (): Promise<void> => {
    setSending(true);
    setProblem('');
    try {
      setProposed(await propose(host, opened, reason));
      setReason('');
      dialog.current?.close();
      await refreshAccess();
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setSending(false);
    }
  };
  return (
    <>
      {proposed !== undefined && (
        <p role="status">
          Proposed as{' '}
          <a href={href({ host: undefined, view: 'changes', change: proposed.change })}>{proposed.change}</a>.
        </p>
      )}
      <button
        type="button"
        disabled={commands.length === 0 || denied !== undefined}
        title={denied}
        onClick={() => {
          setProblem('');
          setOpened(commands);
          dialog.current?.showModal();
        }}
      >
        Propose …
      </button>
      <dialog ref={dialog} aria-labelledby="propose-title">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void send();
          }}
        >
          <h2 id="propose-title">
            Propose {opened.length === 1 ? 'this command' : `these ${opened.length} commands`} for {host}?
          </h2>
          <p class="hint">
            Nothing is done before somebody else approves it. Then it is carried out at once, if it still does
            the same.
          </p>
          <label>
            Why, for who approves it and for the record
            <input
              required
              maxLength={500}
              value={reason}
              onInput={({ currentTarget }) => setReason(currentTarget.value)}
            />
          </label>
          <Problem words={problem} />
          <div class="dialog-buttons">
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
            <button type="submit" class="is-primary" disabled={isSending}>
              {isSending ? 'Proposing …' : 'Propose'}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
