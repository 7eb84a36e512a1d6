/**
 * The observer on mounted hosts, with bash writing: after every step of what the kernel was asked, and of random histories, the host that
 * it concludes is the one behind the mount.
 */
import { readdirSync } from 'node:fs';
import { type Decider, readVectors, replayVector } from '@apledger/cli/conform';
import { type Command, type FactType, GENERATION_NAMES, type Generation } from '@apledger/events';
import { HostState } from '@apledger/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inRepository } from '../cli/support.ts';
import { busyLife, registration, unresetLife } from '../consistency/histories.ts';
import { noMount } from '../lab/support.ts';
import { sized } from '../support/long.ts';
import { Mounts, Site } from './site.ts';

/** No kernel 6.8 has answered yet (docs/driver-rules-older.md 12). */
const ANSWERED = GENERATION_NAMES.filter((generation) => generation !== '6.8');
/** Of each generation: 20 of all, and 300 in long runs. */
const VECTORS = sized(4, 60);
const HISTORIES = sized(1, 20);
/** Each step is a hundred files, read through two processes; what is longer is cut off. */
const MOST_STEPS = sized(6, 1000);
/** As many as it takes until something of each kind has happened. */
const MOST_COMMANDS = sized(16, 1000);
const TIMEOUT_MS = sized(600_000, 3_600_000);

/** A host that is mounted when it is registered, and observed after every command. */
class Mounted implements Decider {
  readonly #mounts: Mounts;
  site: Site | undefined;
  readonly wrong: string[] = [];

  constructor(mounts: Mounts) {
    this.#mounts = mounts;
  }

  async state(): Promise<HostState> {
    return this.site === undefined ? new HostState() : this.site.actual();
  }

  async submit({ command }: Parameters<Decider['submit']>[0]): ReturnType<Decider['submit']> {
    if (command.type === 'RegisterHost') {
      this.site = await Site.of(this.#mounts, command);
      await this.site.observe();
      return { facts: [], isBlocked: false };
    }
    if (this.site === undefined) throw new Error('the host is not registered');
    const answer = await this.site.carryOut(command);
    await this.site.fakeGuests(new Set());
    const differences = await this.site.differences();
    if (differences.length > 0) this.wrong.push(JSON.stringify(command), ...differences);
    return answer;
  }
}

/** As many vectors, from the files of a generation in turn. */
async function* vectorsOf(generation: Generation) {
  const folder = inRepository(`test/vectors/${generation}`);
  const files = readdirSync(folder).map((name) => readVectors(`${folder}/${name}`)[Symbol.asyncIterator]());
  for (let left = VECTORS; left > 0; )
    for (const file of files) {
      const { value, done } = await file.next();
      if (done === true) return;
      const { vector } = value;
      if (left-- > 0) yield { ...vector, steps: vector.steps.slice(0, MOST_STEPS) };
    }
}

describe.skipIf(noMount !== undefined)('an observer of mounted hosts', { timeout: TIMEOUT_MS }, () => {
  const mounts = noMount === undefined ? new Mounts() : undefined;
  const mounted = (): Mounted => new Mounted(mounts as Mounts);

  it.each(ANSWERED)(
    `sees what a kernel %s was asked, after every step (${VECTORS} vectors)`,
    async (generation) => {
      for await (const vector of vectorsOf(generation)) {
        const decider = mounted();
        await replayVector(vector, decider);
        expect(decider.wrong.slice(0, 4), vector.id).toEqual([]);
        await decider.site?.end();
      }
    },
  );

  /** Carries the commands out, and gives the types of the facts that the observer has concluded. */
  async function lived(generation: Generation, life: readonly Command[]): Promise<readonly FactType[]> {
    const decider = mounted();
    for (const command of [registration(generation), ...life]) {
      await decider.submit({ host: 'h', actor: 'test', command });
      expect(decider.wrong, JSON.stringify(life)).toEqual([]);
    }
    const types = decider.site?.kept.facts().map(({ type }) => type);
    await decider.site?.end();
    return types ?? [];
  }

  it.each(GENERATION_NAMES.slice(-sized(3, GENERATION_NAMES.length)))(
    'sees random histories of a %s host, after every step',
    async (generation) => {
      for (const life of fc.sample(busyLife, HISTORIES))
        expect(await lived(generation, life.slice(0, MOST_COMMANDS))).toEqual(
          expect.arrayContaining(['MaskChanged', 'MdevCreated', 'AdapterAssigned', 'GuestStarted']),
        );
    },
  );

  it('sees an adapter leave while its guest runs', async () => {
    expect(await lived('7.3', unresetLife)).toEqual(expect.arrayContaining(['QueueRemoved', 'CardRemoved']));
  });
});
