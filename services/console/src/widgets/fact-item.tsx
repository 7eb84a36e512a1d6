/** One fact: what happened, when, by whom; and when it is a refusal, why, who is in the way and what helps. */

import type { RecordedFact, Refusal } from '@apledger/api';
import { formatCount } from '../model/count.ts';
import { typeWords, wordsOf } from '../model/fact-groups.ts';
import { formatClock, formatTime } from '../model/moment.ts';
import { someNames } from '../model/names.ts';
import { usePage } from '../state/page.tsx';
import { FactProof } from './evidence.tsx';
import { type GuestNames, Words } from './mark.tsx';

export function FactItem({
  fact,
  guests,
  isShown,
}: {
  readonly fact: RecordedFact;
  /** Those that had the fact's mdevs open then. */
  readonly guests: GuestNames;
  readonly isShown: boolean;
}) {
  const { place, href } = usePage();
  const at = Date.parse(fact.occurredAt);
  const refusal =
    fact.type === 'CommandRejected'
      ? (fact.data as unknown as Refusal & { command: { type: string } })
      : undefined;
  return (
    <li class={`fact${refusal ? ' is-refusal' : ''}${isShown ? ' is-shown' : ''}`}>
      <a
        class="fact-at"
        href={href({}, { ...place.selection, at: String(fact.position) })}
        title={`${formatTime(at)}: go there`}
      >
        <time dateTime={fact.occurredAt}>{formatClock(at)}</time>
        <span class="sub">{formatCount(fact.position)}</span>
      </a>
      <div class="fact-what">
        <p>
          <strong>{refusal ? `${typeWords(refusal.command.type)} refused` : typeWords(fact.type)}</strong>{' '}
          {place.host === undefined && <span class="fact-host">{fact.host || fact.stream}</span>}{' '}
          {!refusal && <Words text={wordsOf(fact)} guests={guests} />}
        </p>
        {refusal && <RefusalBlock refusal={refusal} guests={guests} />}
      </div>
      <div class="fact-who sub">
        <span class="actor" title={`${fact.actor}; command ${fact.cause}`}>
          {fact.actor}
        </span>
        <FactProof position={fact.position} />
      </div>
    </li>
  );
}

/** What a refusal says of itself, wherever it comes from. */
type RefusalWords = Pick<Refusal, 'errno' | 'explanation' | 'conflicts' | 'remedy'>;

/** Why something was refused. */
export function RefusalBlock({
  refusal,
  guests,
}: {
  readonly refusal: RefusalWords;
  /** Those that had the mdevs open when it was refused. */
  readonly guests: GuestNames;
}) {
  const { errno, explanation, conflicts, remedy } = refusal;
  const holders = Map.groupBy(conflicts, ({ holder }) => holder);
  return (
    <div class="refusal">
      <p>
        <code class="errno">{errno}</code> <Words text={explanation} guests={guests} />
      </p>
      {holders.size > 0 && (
        <ul>
          {[...holders].map(([holder, queues]) => (
            <li key={holder}>
              <Words text={holder} guests={guests} /> has{' '}
              <span class="apqn">{someNames(queues.map(({ queue }) => queue))}</span>
            </li>
          ))}
        </ul>
      )}
      <p class="remedy">
        <Words text={remedy} guests={guests} />
      </p>
    </div>
  );
}
