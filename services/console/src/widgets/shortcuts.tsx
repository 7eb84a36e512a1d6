/** Keys for what is done often, and the list of them. Anyone who speaks to the machine or bumps into keys can switch them off. */
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { HOST_VIEWS, LOG_VIEWS } from '../model/address.ts';
import { NOW } from '../model/moment.ts';
import { VIEW_NAMES } from '../model/title.ts';
import { kept } from '../state/kept.ts';
import { usePage } from '../state/page.tsx';
import type { Transport } from '../state/use-transport.ts';

const choice = kept<'on' | 'off'>('shortcuts', ['on', 'off']);

/** Keys and what they do, as the list shows them. */
const LIST: readonly (readonly [string, string])[] = [
  ['?', 'this list'],
  ['/', 'find: to the field for it'],
  ['1 – 7', 'the views, from the left'],
  ['a', 'all hosts'],
  ['Space', 'play, pause'],
  [', .', 'one fact back, one fact forward'],
  ['t', 'go to a time'],
  ['n', 'now'],
];

const dialogOf: { current: HTMLDialogElement | null } = { current: null };
/** Opens the list. */
export const showShortcuts = (): void => dialogOf.current?.showModal();

export function Shortcuts({ transport }: { readonly transport: Transport }) {
  const { place, href } = usePage();
  const { route } = useLocation();
  const latest = useRef<(key: string) => boolean>(() => false);
  const views = place.host === undefined ? LOG_VIEWS : HOST_VIEWS;
  latest.current = (key) => {
    const view = views[Number(key) - 1];
    if (view !== undefined) {
      route(href({ view }));
      return true;
    }
    const act = {
      '?': showShortcuts,
      '/': () =>
        document
          .querySelector<HTMLInputElement>('main input[type="search"], main .queue-form input')
          ?.focus(),
      a: () => route(href({ host: undefined, view: 'hosts' })),
      ' ': () => void transport.toggle(),
      ',': () => void transport.step(-1),
      '.': () => void transport.step(1),
      t: () => document.querySelector<HTMLButtonElement>('.time-bar .stamp')?.click(),
      n: () => void transport.go(NOW),
    }[key];
    act?.();
    return act !== undefined;
  };
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (choice.peek() === 'off' || event.defaultPrevented || !isFree(event)) return;
      if (latest.current(event.key)) event.preventDefault();
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  }, []);
  return (
    <dialog
      ref={(element) => {
        dialogOf.current = element;
      }}
      aria-labelledby="shortcuts-title"
    >
      <form method="dialog">
        <h2 id="shortcuts-title">Keys</h2>
        <dl class="shortcuts">
          {LIST.map(([keys, words]) => (
            <div key={keys}>
              <dt>
                <kbd>{keys}</kbd>
              </dt>
              <dd>{words}</dd>
            </div>
          ))}
        </dl>
        <p class="hint">
          {views.map((view, i) => `${i + 1} ${VIEW_NAMES[view]}`).join(' · ')}. In the matrix: arrow keys,
          Home, End, Page Up and Page Down.
        </p>
        <label class="check">
          <input
            type="checkbox"
            checked={choice.value === 'on'}
            onChange={({ currentTarget }) => {
              choice.value = currentTarget.checked ? 'on' : 'off';
            }}
          />
          These keys are on
        </label>
        <div class="dialog-buttons">
          <button type="submit" class="is-primary">
            Close
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** Whether the key means nothing else where it was pressed: no text is typed, no dialog is open, and no control takes it. */
function isFree({ key, target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey || document.querySelector('dialog[open]') !== null) return false;
  if (!(target instanceof Element)) return true;
  if (target.closest('textarea, select, [contenteditable]') !== null) return false;
  const input = target.closest('input');
  // A dialog that was closed a moment ago may still have the focus.
  if (input?.checkVisibility() && !['range', 'radio', 'checkbox', 'button'].includes(input.type))
    return false;
  return key !== ' ' || target.closest('button, a, input, summary') === null;
}
