/** What is selected in the matrix, and what can be done with all of it: each goes into the basket, and the basket is tried before it is sent. */
import type { HostView } from '@apledger/projections/host';
import { counted } from '@apledger/text';
import { useState } from 'preact/hooks';
import { type Rectangle, rectangleText, stepsToGive, waysToFree } from '../model/basket.ts';
import { nameOf } from '../model/owner.ts';
import { usePage } from '../state/page.tsx';

export interface SelectionCardProps {
  readonly view: HostView;
  readonly rectangle: Rectangle | undefined;
  readonly onClear: () => void;
}

export function SelectionCard({ view, rectangle, onClear }: SelectionCardProps) {
  const { session, href } = usePage();
  const basket = session.basket.value;
  const add = (steps: readonly string[]): void => {
    session.basket.value = [...basket, ...steps.filter((step) => !basket.includes(step))];
  };
  if (rectangle === undefined && basket.length === 0) return null;
  return (
    <section class="panel selection-card" aria-labelledby="selection-title">
      {rectangle !== undefined && (
        <Selected view={view} rectangle={rectangle} onAdd={add} onClear={onClear} />
      )}
      {basket.length > 0 && (
        <>
          <h2 id={rectangle === undefined ? 'selection-title' : undefined}>Basket</h2>
          <ol class="send-list">
            {basket.map((step) => (
              <li key={step}>
                <code>{step}</code>
              </li>
            ))}
          </ol>
          <p class="cell-links">
            <button
              type="button"
              class="link-button"
              onClick={() => {
                session.basket.value = [];
              }}
            >
              Empty it
            </button>
            <a class="button is-primary" href={href({ view: 'what-if' }, { steps: basket.join('\n') })}>
              Try it
            </a>
          </p>
        </>
      )}
    </section>
  );
}

function Selected({
  view,
  rectangle,
  onAdd,
  onClear,
}: {
  readonly view: HostView;
  readonly rectangle: Rectangle;
  readonly onAdd: (steps: readonly string[]) => void;
  readonly onClear: () => void;
}) {
  const [to, setTo] = useState<string>();
  const mdev = view.mdevs.find(({ mdev: uuid }) => uuid === to) ?? view.mdevs[0];
  const count = rectangle.adapters.length * rectangle.domains.length;
  const give = mdev === undefined ? [] : stepsToGive(mdev, rectangle);
  return (
    <>
      <h2 id="selection-title">{counted(count, 'queue')} selected</h2>
      <p class="apqn">{rectangleText(rectangle)}</p>
      {mdev === undefined ? (
        <p class="hint">No mdev exists on this host that they could be given to.</p>
      ) : (
        <p class="give">
          <label>
            Give to{' '}
            <select value={mdev.mdev} onChange={({ currentTarget }) => setTo(currentTarget.value)}>
              {view.mdevs.map((each) => (
                <option key={each.mdev} value={each.mdev}>
                  {nameOf(each)}
                </option>
              ))}
            </select>
          </label>
          <button type="button" disabled={give.length === 0} onClick={() => onAdd(give)}>
            Into the basket
          </button>
        </p>
      )}
      <ul class="proposals">
        {waysToFree(view, rectangle).map(({ words, step }) => (
          <li key={step}>
            <button type="button" title={step} onClick={() => onAdd(step.split('\n'))}>
              {words}
            </button>
          </li>
        ))}
      </ul>
      <button type="button" class="link-button" onClick={onClear}>
        Select nothing
      </button>
    </>
  );
}
