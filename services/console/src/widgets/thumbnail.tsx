/** A host's matrix as large as a stamp. */
import type { HostView as HostViewJson } from '@apledger/api';
import { gridOf, stateOfView } from '@apledger/projections/host';
import { useEffect, useRef } from 'preact/hooks';
import { axesOf } from '../model/axes.ts';
import { Marks } from '../model/marks.ts';
import { appliedTheme } from '../state/theme.ts';
import { GridPainter } from './grid-painter.ts';
import { NO_HEADS } from './grid-picture.ts';
import { themeOf } from './grid-theme.ts';

const SIZE = { width: 88, height: 44 };
/** Without letters. */
const SMALL = 10.5;

export function Thumbnail({ view }: { readonly view: HostViewJson | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = appliedTheme.value;
  useEffect(() => {
    if (canvas.current === null || view === undefined) return;
    const axes = axesOf(view);
    const slots = new Marks().of(view.mdevs.map(({ mdev }) => mdev));
    const room = {
      width: SIZE.width / Math.max(1, axes.apqis.length),
      height: SIZE.height / Math.max(1, axes.apids.length),
    };
    new GridPainter(canvas.current).draw({
      codes: gridOf(stateOfView(view)),
      axes,
      looks: slots.map((slot) => ({ slot, name: '' })),
      cell: { width: Math.min(room.width, SMALL), height: Math.min(room.height, SMALL) },
      window: SIZE,
      heads: NO_HEADS,
      scroll: { left: 0, top: 0 },
      only: undefined,
      theme: themeOf(canvas.current),
      ratio: devicePixelRatio,
    });
  }, [view, theme]);
  return (
    <span class="thumbnail" aria-hidden="true">
      <canvas ref={canvas} />
    </span>
  );
}
