/**
 * The step from asking to doing: says once more what will be sent, to which host, and by whom; then gives the commands one by one.
 *
 * What the dialog shows stands still from when it was opened, whatever comes meanwhile: it is sent with the revision that the reader saw.
 */

import type { Receipt, Refusal } from '@apledger/api';
import type { Command } from '@apledger/events';
import { useRef, useState } from 'preact/hooks';
import { send } from '../api/client.ts';
import type { Tried } from '../model/tried.ts';
import { me, whyNot } from '../state/access.ts';
import { usePage } from '../state/page.tsx';
import { messageOf } from '../state/session.ts';
import { RefusalBlock } from './fact-item.tsx';
import { namesOf } from './mark.tsx';
import type { Sent } from './receipts.tsx';

export interface SendDialogProps {
  readonly tried: Tried;
  readonly commands: readonly Command[];
  /** Told what became of the commands, when all are done and when one was not. */
  readonly onSent: (sent: Sent) => void;
}

interface Failure {
  readonly message: string;
  readonly refusal: Refusal | undefined;
  readonly done: number;
}

const ACTOR_KEY = 'apledger-actor';

export function SendDialog({ tried: latest, commands: offered, onSent }: SendDialogProps) {
  const { session } = usePage();
  const dialog = useRef<HTMLDialogElement>(null);
  const [opened, setOpened] = useState<Pick<SendDialogProps, 'tried' | 'commands'>>();
  const { tried, commands } = opened ?? { tried: latest, commands: offered };
  const hasChanged = (session.last.value?.revision ?? 0) > tried.at.revision;
  const [actor, setActor] = useState(() => sessionStorage.getItem(ACTOR_KEY) ?? '');
  const [isSending, setSending] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const denied = whyNot('command', tried.host);
  const who = me.value?.isControlled === true ? (me.value.name ?? me.value.subject?.subject ?? '') : actor;
  const losers = tried.lost.map(
    ({ guest, mdev, queues }) => `${guest ?? mdev.slice(0, 8)} loses ${queues.length} queues`,
  );

  const sendAll = async (): Promise<void> => {
    setSending(true);
    setFailure(undefined);
    sessionStorage.setItem(ACTOR_KEY, actor);
    const correlation = crypto.randomUUID();
    let { revision } = tried.at;
    const receipts: Receipt[] = [];
    const tell = (isAll: boolean): void => {
      if (receipts.length > 0)
        onSent({ host: tried.host, receipts, isAll, of: commands.length, at: Date.now() });
    };
    try {
      for (const command of commands) {
        const receipt = await send({
          host: tried.host,
          command,
          commandId: crypto.randomUUID(),
          actor: who,
          correlation,
          expected: revision,
        });
        const { refusal } = receipt;
        if (refusal !== undefined) {
          setFailure({
            message: `${refusal.explanation} ${refusal.remedy}`.trim(),
            refusal,
            done: receipts.length,
          });
          tell(false);
          return;
        }
        revision = receipt.revision;
        receipts.push(receipt);
      }
      dialog.current?.close();
      tell(true);
    } catch (error) {
      setFailure({ message: messageOf(error), refusal: undefined, done: receipts.length });
      tell(false);
    } finally {
      setSending(false);
    }
  };

  return (
    <>
      <button
        type="button"
        class="is-primary"
        disabled={offered.length === 0 || denied !== undefined}
        title={denied}
        onClick={() => {
          setFailure(undefined);
          setOpened({ tried: latest, commands: offered });
          dialog.current?.showModal();
        }}
      >
        Send {offered.length === 1 ? 'the command' : `${offered.length} commands`} …
      </button>
      {denied !== undefined && <p class="hint">{denied}</p>}
      <dialog ref={dialog} aria-labelledby="send-title" onClose={() => setOpened(undefined)}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void sendAll();
          }}
        >
          <h2 id="send-title">
            Give {commands.length === 1 ? 'this command' : `these ${commands.length} commands`} to{' '}
            {tried.host}?
          </h2>
          <ol class="send-list">
            {tried.steps
              .filter(({ outcome, commands: given }) => outcome !== 'refused' && given.length > 0)
              .map(({ step }, i) => (
                <li key={`${i} ${step}`}>
                  <code>{step}</code>
                </li>
              ))}
          </ol>
          {losers.length > 0 && <p class="alarm">{losers.join('; ')}.</p>}
          <p class="hint">
            They were tried at revision {tried.at.revision}. If anything has happened to the host since,
            nothing is done.
          </p>
          {hasChanged && failure === undefined && !isSending && (
            <p class="alarm" role="status">
              The host has changed meanwhile: cancel, and look again.
            </p>
          )}
          <label>
            Who asks, for the record
            <input
              required
              maxLength={200}
              value={who}
              readOnly={who !== actor}
              autocomplete="username"
              onInput={({ currentTarget }) => setActor(currentTarget.value)}
            />
          </label>
          {failure && (
            <div class="problem" role="alert">
              <p>
                {failure.done > 0 && `${failure.done} done. `}
                {failure.message}
              </p>
              {failure.refusal && <RefusalBlock refusal={failure.refusal} guests={namesOf(tried.before)} />}
            </div>
          )}
          <div class="dialog-buttons">
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
            <button type="submit" class="is-primary" disabled={isSending}>
              {isSending ? 'Sending …' : 'Send'}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
