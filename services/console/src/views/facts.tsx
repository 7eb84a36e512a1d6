/** The stream of facts up to the moment, newest first. */

import type { RecordedFact } from '@apledger/api';
import { fetchChain } from '../api/client.ts';
import { FACT_GROUPS, groupOf } from '../model/fact-groups.ts';
import { filtersOf, filtersText } from '../model/find.ts';
import { formatDay } from '../model/moment.ts';
import { usePage } from '../state/page.tsx';
import { useAsked } from '../state/use-asked.ts';
import { useFacts } from '../state/use-facts.ts';
import { useSettled } from '../state/use-settled.ts';
import { Choice } from '../widgets/choice.tsx';
import { FactItem } from '../widgets/fact-item.tsx';
import { Problem } from '../widgets/problem.tsx';
import { RestsOn } from '../widgets/rests-on.tsx';

/** How long the typing has to rest before the service is asked. */
const REST_MS = 250;

export function FactsView() {
  const { session, place, select } = usePage();
  const group = groupOf(place.selection.only);
  const find = place.selection.find ?? '';
  const settled = useSettled(find, REST_MS);
  const filters = filtersOf(settled);
  const { facts, guests, isAll, problem, isAsking, more } = useFacts(group, filters);
  const isLooking = isAsking || find !== settled;
  const shown = session.settled.value?.position;
  const rests = useChain();
  return (
    <section class="panel facts-view" aria-labelledby="facts-title">
      <header class="panel-head">
        <h1 id="facts-title">Facts</h1>
        <p class="facts-line" role="status">
          {place.host === undefined ? 'of all hosts' : ''} {filtersText(filters)}
          {isLooking ? ' · looking …' : ''}
        </p>
        <div class="tools">
          <fieldset class="segmented">
            <legend class="visually-hidden">Which facts</legend>
            {FACT_GROUPS.map(({ id, label }) => (
              <Choice
                key={id}
                name="only"
                checked={group.id === id}
                onChoose={() => select({ only: id })}
                label={label}
              />
            ))}
          </fieldset>
          <input
            type="search"
            aria-label="Find facts"
            placeholder="05.0047, EBUSY, actor:anna …"
            title="Words that a fact holds; queue, guest:NAME, mdev:UUID, actor:NAME, type or errno"
            value={find}
            onInput={({ currentTarget }) => select({ find: currentTarget.value })}
          />
        </div>
      </header>
      <Problem words={problem} />
      <RestsOn host={place.host} answer={rests} />
      {facts.length === 0 ? (
        <p class="empty">
          {isLooking
            ? 'Asking for the facts …'
            : problem === undefined
              ? 'No such fact up to this moment.'
              : ''}
        </p>
      ) : (
        <ol class="facts">
          {byDay(facts).map(([day, ofDay]) => (
            <li key={day} class="day">
              <h2>{day}</h2>
              <ol>
                {ofDay.map((fact) => (
                  <FactItem
                    key={fact.id}
                    fact={fact}
                    guests={guests[fact.position] ?? NO_NAMES}
                    isShown={fact.position === shown}
                  />
                ))}
              </ol>
            </li>
          ))}
        </ol>
      )}
      {!isAll && facts.length > 0 && (
        <button type="button" class="more" onClick={more}>
          Earlier facts
        </button>
      )}
    </section>
  );
}

/** Whether the host's facts up to where the page stands are those that were written. */
function useChain() {
  const { session, place } = usePage();
  const { host } = place;
  const position = session.settled.value?.position;
  const { answer } = useAsked(
    (signal) =>
      host === undefined || position === undefined
        ? undefined
        : fetchChain(host, signal).then((verification) => ({ position, verification })),
    [host, position],
  );
  return answer;
}

const NO_NAMES = {};

const byDay = (facts: readonly RecordedFact[]) =>
  Map.groupBy(facts, ({ occurredAt }) => formatDay(Date.parse(occurredAt)))
    .entries()
    .toArray();
