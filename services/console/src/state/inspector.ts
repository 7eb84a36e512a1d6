/**
 * `window.apledger`: the page's answers for programs, since a canvas shows a program nothing. Read-only; docs/console.md describes it.
 */
import { type Explanation, explain, ownerOf } from '../model/owner.ts';
import type { Player } from './player.ts';
import type { Session } from './session.ts';

interface Inspector {
  /** What the matrix shows in a cell: the class that gives it its colour, and the words. */
  cell(apid: number, apqi: number): (Explanation & { readonly drawn: string }) | undefined;
  /** The last fact that counts in what is shown. */
  readonly shown: { readonly position: number; readonly revision: number } | undefined;
  /** Frames and facts since playing began last. */
  readonly played: { readonly frames: number; readonly facts: number } | undefined;
}

declare global {
  interface Window {
    apledger: Inspector;
  }
}

let session: Session | undefined;
let player: Player | undefined;
let codes: (() => Uint32Array) | undefined;

export const inspectSession = (of: Session): void => {
  session = of;
};
export const inspectPlayer = (of: Player): void => {
  player = of;
};
/** The codes that the matrix draws from. */
export const inspectGrid = (of: () => Uint32Array): void => {
  codes = of;
};

window.apledger = {
  cell(apid, apqi) {
    const view = session?.view.peek();
    if (view === undefined) return undefined;
    return { ...explain(view, apid, apqi), drawn: ownerOf(codes?.()[(apid << 8) | apqi] ?? 0) };
  },
  get shown() {
    const stamp = session?.shown.peek();
    return stamp && { position: stamp.position, revision: stamp.revision };
  },
  get played() {
    return player && { frames: player.frames, facts: player.facts };
  },
};
