/**
 * The contract: what every adapter of the port must do, as one suite that each of them runs.
 *
 * Adapters are tested alike by giving this suite a way to open them; what only one of them has (files, servers,
 * crashes) is tested beside it.
 */

import { afterEach, describe } from 'vitest';
import { describeAppending, describeIdempotency } from './contract/appending.ts';
import { describeClosing, describeHandles, describeSubscriptions } from './contract/living.ts';
import { describeProcesses, type Recipe } from './contract/processes.ts';
import { describeMoments, describePackedReading, describeReading } from './contract/reading.ts';
import { describeRivals } from './contract/rivals.ts';
import { describeScale } from './contract/scale.ts';
import type { Open } from './contract/support.ts';
import type { EventLog } from './port.ts';

/** One store under test, fresh for each test. */
export interface StoreUnderTest {
  /** A new handle on the store, as another process would have it. */
  open(): Promise<EventLog>;
  /** Removes the store; every log opened from it has been closed before. */
  dispose?(): Promise<void>;
  /** How another process opens the same store; a store without has to say so (Harness.manyProcesses). */
  readonly recipe?: Recipe;
}

export interface Harness {
  /** Gives a fresh store for a test. */
  begin(): Promise<StoreUnderTest>;
  /** False for a store that lives and dies with its one handle: then what needs two is left out. */
  readonly manyHandles: boolean;
  /** False for a store that only this process can open: then what needs several is left out. */
  readonly manyProcesses: boolean;
}

/** Runs the contract against an adapter. */
export function describeEventLog(name: string, harness: Harness): void {
  describeStore(name, harness, (open, recipe) => {
    describeAppending(open);
    describeIdempotency(open);
    describeReading(open);
    describePackedReading(open);
    describeMoments(open);
    describeSubscriptions(open);
    describeScale(open);
    if (harness.manyHandles) describeHandles(open);
    if (harness.manyHandles) describeRivals(open);
    if (harness.manyProcesses) describeProcesses(open, recipe);
    describeClosing(open);
  });
}

/** The part of the contract about handles that write to one stream at the same time, alone. */
export function describeRivalHandles(name: string, harness: Harness): void {
  describeStore(name, harness, describeRivals);
}

function describeStore(
  name: string,
  harness: Harness,
  parts: (open: Open, recipe: () => Promise<Recipe>) => void,
): void {
  describe(name, () => {
    const opened: EventLog[] = [];
    let store: StoreUnderTest | undefined;

    const recipe = async (): Promise<Recipe> => {
      store ??= await harness.begin();
      if (store.recipe === undefined) throw new TypeError(`${name}: other processes need a recipe`);
      return store.recipe;
    };
    const open = async (): Promise<EventLog> => {
      store ??= await harness.begin();
      const log = await store.open();
      opened.push(log);
      return log;
    };

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((log) => log.close()));
      await store?.dispose?.();
      store = undefined;
    });

    parts(open, recipe);
  });
}
