/** An observer that only sees files concludes the same host, after every step of what the kernel was asked. */
import { readdirSync } from 'node:fs';
import { type Decider, readVectors, replayVector } from '@apledger/cli/conform';
import type { decide } from '@apledger/driver';
import { GENERATION_NAMES } from '@apledger/events';
import { describe, expect, it } from 'vitest';
import { inRepository } from '../cli/support.ts';
import { sized } from '../support/long.ts';
import { Pair } from './simulated.ts';

/** No kernel 6.8 has answered yet (docs/driver-rules-older.md 12). */
const ANSWERED = GENERATION_NAMES.filter((generation) => generation !== '6.8');
/** Of each file: 57 and 570 in all. */
const VECTORS = sized(1, 10);

/** Observes the host after every command. */
class Observed implements Decider {
  readonly pair = new Pair();
  readonly wrong: string[] = [];

  async state() {
    return this.pair.actual;
  }

  async submit({ command }: Parameters<Decider['submit']>[0]) {
    const decision: ReturnType<typeof decide> = this.pair.command(command);
    this.pair.look();
    const differences = this.pair.differences();
    if (differences.length > 0) this.wrong.push(JSON.stringify(command), ...differences);
    return { ...decision, isBlocked: decision.isBlocked === true };
  }
}

describe.each(ANSWERED)('an observer of a %s host', (generation) => {
  const folder = inRepository(`test/vectors/${generation}`);
  it.each(readdirSync(folder))('sees the same as %s, after every step', async (name) => {
    let left = VECTORS;
    for await (const { vector } of readVectors(`${folder}/${name}`)) {
      if (left-- === 0) break;
      const decider = new Observed();
      await replayVector(vector, decider);
      expect(decider.wrong.slice(0, 4), vector.id).toEqual([]);
    }
  });
});
