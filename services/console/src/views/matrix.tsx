/** One host's matrix: the grid, what a cell means in words, and who has what. */
import { apidOf, apqiOf, apqn, formatApqn, parseApqn } from '@apledger/ap';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type Axes, axesOf, type Cell, type CellSize, maxZoom, sameAxes, WHOLE } from '../model/axes.ts';
import { type Corners, rectangleOf } from '../model/basket.ts';
import { formatCount } from '../model/count.ts';
import { explain } from '../model/owner.ts';
import { sessionSource } from '../state/grid-source.ts';
import { inspectGrid } from '../state/inspector.ts';
import { usePage } from '../state/page.tsx';
import { throttled } from '../state/throttled.ts';
import { CellCard } from '../widgets/cell-card.tsx';
import { Choice } from '../widgets/choice.tsx';
import { Holders } from '../widgets/holders.tsx';
import { Legend } from '../widgets/legend.tsx';
import { MatrixGrid } from '../widgets/matrix-grid.tsx';
import { MatrixTable } from '../widgets/matrix-table.tsx';
import { SelectionCard } from '../widgets/selection-card.tsx';

/** The address follows the cursor when it rests: browsers count such changes. */
const REST_MS = 250;

export const cellOf = (text: string | undefined): Cell | undefined => {
  const queue = text === undefined ? undefined : parseApqn(text);
  return queue === undefined ? undefined : { apid: apidOf(queue), apqi: apqiOf(queue) };
};
const nameOf = ({ apid, apqi }: Cell): string => formatApqn(apqn(apid, apqi));

export function MatrixView() {
  const { session, place, select } = usePage();
  const { selection } = place;
  const view = session.view.value;
  const source = useMemo(() => sessionSource(session), [session]);
  useEffect(() => inspectGrid(source.codes), [source]);
  const axes = useAxes(selection.axes === 'all' ? undefined : view);
  const [cursor, setCursor] = useCursor();
  const [hover, setHover] = useState<Cell>();
  const [lastHover, setLastHover] = useState<Cell>();
  const [zoom, setZoom] = useState(1);
  const [room, setRoom] = useState<CellSize>({ width: 0, height: 0 });
  const [highlighted, setHighlighted] = useState<string>();
  const [selected, setSelected] = useState<Corners>();
  if (view === undefined)
    return <p class="empty">{session.status.value === 'loading' ? 'Asking for the host …' : ''}</p>;

  // Without a cursor the card keeps the last cell, so that the way to its links is not the way to lose it.
  const shownCell = hover ?? cursor ?? lastHover;
  const explanation = shownCell && explain(view, shownCell.apid, shownCell.apqi);
  const spokenCell = cursor && explain(view, cursor.apid, cursor.apqi);
  const only =
    highlighted === undefined ? undefined : view.mdevs.findIndex(({ mdev }) => mdev === highlighted);
  const limit = maxZoom(room, axes, devicePixelRatio);
  const isTable = selection.as === 'table';
  const queues = view.cards.reduce((sum, card) => sum + card.queues.length, 0);
  return (
    <div class="matrix-view">
      <section class="panel grid-panel" aria-labelledby="matrix-title">
        <header class="panel-head">
          <h1 id="matrix-title">Matrix</h1>
          <p class="facts-line">
            {count(view.adapters.length, 'adapter')} × {count(view.domains.length, 'domain')},{' '}
            {count(queues, 'queue')} · driver {view.driver}
          </p>
          <div class="tools">
            <fieldset class="segmented">
              <legend class="visually-hidden">Rows and columns</legend>
              <Choice
                name="axes"
                checked={selection.axes !== 'all'}
                onChoose={() => select({ axes: undefined })}
                label="Known"
              />
              <Choice
                name="axes"
                checked={selection.axes === 'all'}
                onChoose={() => select({ axes: 'all' })}
                label="256 × 256"
              />
            </fieldset>
            <fieldset class="segmented">
              <legend class="visually-hidden">Shown as</legend>
              <Choice name="as" checked={!isTable} onChoose={() => select({ as: undefined })} label="Grid" />
              <Choice name="as" checked={isTable} onChoose={() => select({ as: 'table' })} label="Table" />
            </fieldset>
            {!isTable && (
              <fieldset class="zoom">
                <legend class="visually-hidden">Zoom</legend>
                <button
                  type="button"
                  class="icon-button"
                  aria-label="Smaller"
                  disabled={zoom <= 1}
                  onClick={() => setZoom(Math.max(1, zoom / 1.5))}
                >
                  −
                </button>
                <button
                  type="button"
                  class="icon-button"
                  aria-label="Larger"
                  disabled={zoom >= limit}
                  onClick={() => setZoom(Math.min(limit, zoom * 1.5))}
                >
                  +
                </button>
              </fieldset>
            )}
          </div>
        </header>
        {isTable ? (
          <MatrixTable view={view} axes={axes} cursor={cursor} onCursor={setCursor} />
        ) : axes.apids.length * axes.apqis.length === 0 ? (
          <p class="empty">The host has no queue, and no mdev lays claim to one.</p>
        ) : (
          <MatrixGrid
            label={`Queues of host ${view.host}: ${axes.apids.length} adapters in rows, ${axes.apqis.length} domains in columns`}
            words={
              spokenCell ? `${spokenCell.apqn}. ${spokenCell.headline}. ${spokenCell.reasons.join(' ')}` : ''
            }
            source={source}
            axes={axes}
            zoom={Math.min(zoom, limit)}
            only={only === undefined || only < 0 ? undefined : only}
            cursor={cursor}
            onCursor={setCursor}
            onHover={(place) => {
              setHover(place);
              if (place !== undefined) setLastHover(place);
            }}
            onEscape={() => {
              setLastHover(undefined);
              setCursor(undefined);
            }}
            onRoom={setRoom}
            selected={selected}
            onSelect={setSelected}
          />
        )}
        <Legend />
      </section>
      <aside class="side">
        <CellCard view={view} place={shownCell} explanation={explanation} />
        <SelectionCard
          view={view}
          rectangle={selected && rectangleOf(selected, axes)}
          onClear={() => setSelected(undefined)}
        />
        <Holders view={view} highlighted={highlighted} onHighlight={setHighlighted} />
      </aside>
    </div>
  );
}

const count = (n: number, what: string): string => `${formatCount(n)} ${what}${n === 1 ? '' : 's'}`;

/** The axes of the view, the same object for as long as they are the same: what is drawn depends on it. */
function useAxes(view: Parameters<typeof axesOf>[0] | undefined): Axes {
  const before = useRef<Axes>(WHOLE);
  const axes = view === undefined ? WHOLE : axesOf(view);
  if (!sameAxes(before.current, axes)) before.current = axes;
  return before.current;
}

/** The cursor, which the address remembers once it rests. */
function useCursor(): [Cell | undefined, (place: Cell | undefined) => void] {
  const { place, select } = usePage();
  const { cell } = place.selection;
  const [cursor, setCursor] = useState(() => cellOf(cell));
  useEffect(() => setCursor(cellOf(cell)), [cell]);
  const latest = useRef<{ readonly select: typeof select; readonly at: Cell | undefined }>({
    select,
    at: undefined,
  });
  latest.current = { select, at: latest.current.at };
  const remember = useMemo(
    () =>
      throttled(REST_MS, () => {
        const { at, select: now } = latest.current;
        now({ cell: at && nameOf(at) });
      }),
    [],
  );
  useEffect(() => remember.cancel, []);
  return [
    cursor,
    (to) => {
      setCursor(to);
      latest.current = { ...latest.current, at: to };
      remember();
    },
  ];
}
