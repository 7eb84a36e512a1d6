/** The stream of facts up to the moment, newest first. */

import type { RecordedFact } from '@apledger/api';
import { FACT_GROUPS, groupOf, mentions } from '../model/fact-groups.ts';
import { formatDay } from '../model/moment.ts';
import { usePage } from '../state/page.tsx';
import { useFacts } from '../state/use-facts.ts';
import { Choice } from '../widgets/choice.tsx';
import { FactItem } from '../widgets/fact-item.tsx';

export function FactsView() {
  const { session, place, select } = usePage();
  const group = groupOf(place.selection.only);
  const find = place.selection.find ?? '';
  const { facts, isAll, problem, isAsking, more } = useFacts(group);
  const found = find === '' ? facts : facts.filter((fact) => mentions(fact, find));
  const shown = session.calm.value?.position;
  return (
    <section class="panel facts-view" aria-labelledby="facts-title">
      <header class="panel-head">
        <h1 id="facts-title">Facts</h1>
        <p class="facts-line">{place.host === undefined ? 'of all hosts' : ''}</p>
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
            aria-label="Find in these facts"
            placeholder="Find: 05.0047, guest1, EBUSY …"
            value={find}
            onInput={({ currentTarget }) => select({ find: currentTarget.value })}
          />
        </div>
      </header>
      {problem && <p class="notice is-bad">{problem}</p>}
      {found.length === 0 ? (
        <p class="empty">{isAsking ? 'Asking for the facts …' : 'No such fact up to this moment.'}</p>
      ) : (
        <ol class="facts">
          {byDay(found).map(([day, ofDay]) => (
            <li key={day} class="day">
              <h2>{day}</h2>
              <ol>
                {ofDay.map((fact) => (
                  <FactItem
                    key={fact.id}
                    fact={fact}
                    view={session.view.value}
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

const byDay = (facts: readonly RecordedFact[]) =>
  Map.groupBy(facts, ({ occurredAt }) => formatDay(Date.parse(occurredAt)))
    .entries()
    .toArray();
