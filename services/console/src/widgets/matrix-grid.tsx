/** The matrix that can be looked at, walked through and scrolled: two canvases in a window, and the words for the cell under the cursor. */
import { effect } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type Axes, type Cell, type CellSize, cellSize, moved } from '../model/axes.ts';
import type { Corners } from '../model/basket.ts';
import { appliedTheme, isPrinting } from '../state/theme.ts';
import type { MdevLook } from './cell-sprites.ts';
import { GridOverlay } from './grid-overlay.ts';
import { GridPainter } from './grid-painter.ts';
import { HEADS, type Picture, placeAt } from './grid-picture.ts';
import { themeOf } from './grid-theme.ts';

/** What is drawn at this moment; read at every frame that something changed. */
export interface GridSource {
  codes(): Uint32Array;
  looks(): readonly MdevLook[];
  /** Reads every signal on which the two depend. */
  track(): void;
}

export interface MatrixGridProps {
  readonly label: string;
  /** What is said aloud of the cell under the cursor. */
  readonly words: string;
  readonly source: GridSource;
  readonly axes: Axes;
  readonly zoom: number;
  readonly only?: number | undefined;
  /** Cells that are pointed out, as `apid << 8 | apqi`. */
  readonly changed?: ReadonlySet<number> | undefined;
  readonly cursor: Cell | undefined;
  readonly onCursor: (place: Cell) => void;
  readonly onHover?: (place: Cell | undefined) => void;
  /** The reader lets go of the cell under the cursor. */
  readonly onEscape?: () => void;
  /** What is selected: by dragging, or with Shift. Without `onSelect` nothing can be. */
  readonly selected?: Corners | undefined;
  readonly onSelect?: (corners: Corners | undefined) => void;
  /** Told how much room there is for cells. */
  readonly onRoom?: (room: CellSize) => void;
}

const roomOf = (window: CellSize): CellSize => ({
  width: Math.max(0, window.width - HEADS.left - 2),
  height: Math.max(0, window.height - HEADS.top - 2),
});

export function MatrixGrid(props: MatrixGridProps) {
  const { axes, zoom, cursor, only, source } = props;
  const keysId = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const window_ = useSize(scroller);
  const [hover, setHover] = useState<Cell>();
  const [isFocused, setFocused] = useState(false);
  const room = roomOf(window_);
  const cell = cellSize(room, axes, zoom, devicePixelRatio);
  const canvases = useGridCanvases(
    scroller,
    { source, axes, cell, window: window_, only },
    { cursor, hover, isFocused, changed: props.changed, selected: props.selected },
  );
  useEffect(() => props.onRoom?.(room), [room.width, room.height]);
  useLayoutEffect(() => {
    if (cursor !== undefined && scroller.current !== null) reveal(scroller.current, cursor, axes, cell);
  }, [cursor?.apid, cursor?.apqi, axes, cell.width, cell.height]);

  const pointed = (event: MouseEvent): Cell | undefined => {
    const element = scroller.current;
    if (element === null) return undefined;
    const { left, top } = element.getBoundingClientRect();
    const scroll = { left: element.scrollLeft, top: element.scrollTop };
    return placeAt(event.clientX - left, event.clientY - top, { axes, cell, scroll, cursor });
  };
  /** Where the mouse was pressed, and whether it has moved on from there. */
  const drag = useRef<{ readonly from: Cell; hasMoved: boolean } | undefined>(undefined);
  const extend = (to: Cell): void => {
    const from = props.selected?.from ?? cursor;
    if (from !== undefined) props.onSelect?.({ from, to });
  };
  const hoverAt = (place: Cell | undefined): void => {
    setHover(place);
    props.onHover?.(place);
  };

  return (
    <div
      class="grid-window"
      role="application"
      aria-roledescription="matrix"
      aria-label={props.label}
      aria-describedby={keysId}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes the keyboard
      tabIndex={0}
      ref={scroller}
      onFocus={() => {
        setFocused(true);
        if (cursor === undefined) props.onCursor({ apid: axes.apids[0] ?? 0, apqi: axes.apqis[0] ?? 0 });
      }}
      onBlur={() => setFocused(false)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') {
          props.onSelect?.(undefined);
          props.onEscape?.();
        }
        const page = Math.max(1, Math.floor(room.height / cell.height) - 1);
        const to =
          event.altKey || event.metaKey
            ? undefined
            : moved(cursor ?? { apid: 0, apqi: 0 }, event, axes, page);
        if (to === undefined) return;
        event.preventDefault();
        if (event.shiftKey) extend(to);
        else props.onSelect?.(undefined);
        props.onCursor(to);
      }}
      onPointerDown={(event) => {
        const canSelect = props.onSelect !== undefined && event.pointerType === 'mouse' && event.button === 0;
        const from = canSelect ? pointed(event) : undefined;
        drag.current = from && !event.shiftKey ? { from, hasMoved: false } : undefined;
      }}
      onClick={(event) => {
        const place = pointed(event);
        if (place === undefined || drag.current?.hasMoved === true) return;
        if (event.shiftKey) extend(place);
        else props.onSelect?.(undefined);
        props.onCursor(place);
      }}
      onPointerMove={(event) => {
        if (event.pointerType !== 'mouse') return;
        const place = pointed(event);
        hoverAt(place);
        const from = drag.current?.from;
        if (from === undefined || place === undefined || (event.buttons & 1) === 0) return;
        if (place.apid === from.apid && place.apqi === from.apqi && drag.current?.hasMoved !== true) return;
        if (drag.current !== undefined) drag.current.hasMoved = true;
        props.onSelect?.({ from, to: place });
      }}
      onPointerLeave={() => hoverAt(undefined)}
    >
      <div
        class="grid-extent"
        style={{
          width: `${HEADS.left + axes.apqis.length * cell.width}px`,
          height: `${HEADS.top + axes.apids.length * cell.height}px`,
        }}
      >
        <div class="grid-layers" aria-hidden="true">
          <canvas ref={canvases.cells} />
          <canvas ref={canvases.overlay} />
        </div>
      </div>
      <p class="visually-hidden" id={keysId}>
        Arrow keys move from cell to cell, Home and End to the ends of the row, with Control of the matrix,
        Page Up and Page Down by a screen{props.onSelect && ', and with Shift they select'}. The same data is
        there as a table.
      </p>
      <p class="visually-hidden" aria-live="polite">
        {isFocused ? props.words : ''}
      </p>
    </div>
  );
}

type Drawn = Pick<Picture, 'axes' | 'cell' | 'window' | 'only'> & { readonly source: GridSource };
type Marked = Parameters<GridOverlay['draw']>[1];

/** Keeps two canvases drawn: at most once a frame, and only when something changed. */
function useGridCanvases(scroller: RefObject<HTMLDivElement | null>, drawn: Drawn, marked: Marked) {
  const cells = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const latest = useRef({ drawn, marked });
  latest.current = { drawn, marked };
  const invalidate = useRef<() => void>(() => {});
  useEffect(() => {
    const element = scroller.current;
    if (element === null || cells.current === null || overlay.current === null) return;
    const painter = new GridPainter(cells.current);
    const over = new GridOverlay(overlay.current);
    let theme = themeOf(element);
    let frame = 0;
    // Kept, because asking the element for it in a frame lays the whole page out.
    let scroll = { left: element.scrollLeft, top: element.scrollTop };
    const paint = (): void => {
      frame = 0;
      const { source, ...rest } = latest.current.drawn;
      if (rest.window.width === 0) return;
      const picture = {
        ...rest,
        heads: HEADS,
        codes: source.codes(),
        looks: source.looks(),
        scroll,
        theme,
        ratio: devicePixelRatio,
      };
      painter.draw(picture);
      over.draw(picture, latest.current.marked);
    };
    const request = (): void => {
      frame ||= requestAnimationFrame(paint);
    };
    invalidate.current = request;
    const stopTheme = effect(() => {
      appliedTheme.value;
      theme = themeOf(element);
      if (isPrinting.value) paint();
      else request();
    });
    const stopSource = effect(() => {
      latest.current.drawn.source.track();
      request();
    });
    const scrolled = (): void => {
      scroll = { left: element.scrollLeft, top: element.scrollTop };
      request();
    };
    element.addEventListener('scroll', scrolled, { passive: true });
    return () => {
      stopTheme();
      stopSource();
      element.removeEventListener('scroll', scrolled);
      cancelAnimationFrame(frame);
    };
  }, [drawn.source]);
  useLayoutEffect(() => invalidate.current());
  return { cells, overlay };
}

function useSize(element: RefObject<HTMLElement | null>): CellSize {
  const [size, setSize] = useState<CellSize>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const target = element.current;
    if (target === null) return;
    const measure = (): void => setSize({ width: target.clientWidth, height: target.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(target);
    return () => observer.disconnect();
  }, []);
  return size;
}

/** Scrolls as little as brings the cell into sight. */
function reveal(element: HTMLElement, place: Cell, axes: Axes, cell: CellSize): void {
  const left = (axes.columnOf[place.apqi] ?? 0) * cell.width;
  const top = (axes.rowOf[place.apid] ?? 0) * cell.height;
  const { width, height } = roomOf({ width: element.clientWidth, height: element.clientHeight });
  element.scrollLeft = Math.min(left, Math.max(element.scrollLeft, left + cell.width - width));
  element.scrollTop = Math.min(top, Math.max(element.scrollTop, top + cell.height - height));
}
