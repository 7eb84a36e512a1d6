/** What became of commands that were sent: the receipt of each, and the way to what was recorded. */
import type { Receipt } from '@apledger/api';
import { typeWords } from '../model/fact-groups.ts';
import { formatTime } from '../model/moment.ts';
import { usePage } from '../state/page.tsx';

export interface Sent {
  readonly host: string;
  /** Of those that were done, in their order. */
  readonly receipts: readonly Receipt[];
  /** All of them were done. */
  readonly isAll: boolean;
  /** How many were to be sent. */
  readonly of: number;
  /** When, by the reader's clock, milliseconds since 1970 UTC. */
  readonly at: number;
}

export function Receipts({ sent, onClose }: { readonly sent: Sent; readonly onClose: () => void }) {
  const { href } = usePage();
  const { host, receipts, isAll, of, at } = sent;
  const last = receipts.at(-1);
  const words = isAll
    ? `${of === 1 ? 'The command was' : `All ${of} commands were`} carried out`
    : `${receipts.length} of ${of} commands were carried out`;
  return (
    <section class={`panel receipts${isAll ? '' : ' is-bad'}`} role="status" aria-labelledby="receipts-title">
      <h2 id="receipts-title">
        {words} on {host}
      </h2>
      <p class="hint">
        {formatTime(at)}
        {last !== undefined && `; host ${host} is at revision ${last.revision}`}. Everything is durable.
      </p>
      <ol>
        {receipts.map(({ commandId, revision, facts, isDuplicate, isBlocked }) => (
          <li key={commandId}>
            revision {revision}: {whatWas(facts)}
            {isDuplicate && ', done before'}
            {isBlocked && ', waits until a guest lets go'}{' '}
            <span class="sub" title="repeat a command with its id, and it is not done again">
              command {commandId}
            </span>
          </li>
        ))}
      </ol>
      <p class="cell-links">
        <a href={href({ host, view: 'facts' }, { at: undefined })}>Facts</a>
        <a href={href({ host, view: 'matrix' }, { at: undefined })}>Matrix</a>
        <button type="button" class="link-button" onClick={onClose}>
          Close
        </button>
      </p>
    </section>
  );
}

/** In a browser a receipt always has its facts. */
const whatWas = (facts: Receipt['facts']): string => {
  if (facts === null) return 'carried out';
  return facts.length === 0 ? 'nothing had to be done' : facts.map(({ type }) => typeWords(type)).join(', ');
};
