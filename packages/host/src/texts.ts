/** The texts of a host, which do not fit into words. */
import type { Apqn } from '@apledger/ap';

export interface Texts {
  name: string;
  bootApmask: string | null;
  bootAqmask: string | null;
  /** Who has each mdev open, in the order of the mdevs; null = nobody, or somebody who is no KVM guest. */
  guests: (string | null)[];
  /** Of the queues that have a driver_override. */
  overrides: Map<Apqn, string>;
  /** Codes that the next ZAPQs of a queue will answer, one each. */
  resetFaults: Map<Apqn, readonly number[]>;
}

export const noTexts = (): Texts => ({
  name: '',
  bootApmask: null,
  bootAqmask: null,
  guests: [],
  overrides: new Map(),
  resetFaults: new Map(),
});

/** A copy that shares nothing. */
export const copyOf = (texts: Texts): Texts => ({
  ...texts,
  guests: [...texts.guests],
  overrides: new Map(texts.overrides),
  resetFaults: new Map(texts.resetFaults),
});

const byQueue = ([a]: readonly [Apqn, unknown], [b]: readonly [Apqn, unknown]): number => a - b;

/** The same texts give the same JSON. */
export const textsJson = ({ name, bootApmask, bootAqmask, guests, overrides, resetFaults }: Texts): string =>
  JSON.stringify([
    name,
    bootApmask,
    bootAqmask,
    guests,
    [...overrides].sort(byQueue),
    [...resetFaults].sort(byQueue),
  ]);

/** Undefined for what `textsJson` did not write. */
export function textsOfJson(json: string): Texts | undefined {
  try {
    const [name, bootApmask, bootAqmask, guests, overrides, resetFaults] = JSON.parse(json);
    return {
      name,
      bootApmask,
      bootAqmask,
      guests,
      overrides: new Map(overrides),
      resetFaults: new Map(resetFaults),
    };
  } catch {
    return undefined;
  }
}
