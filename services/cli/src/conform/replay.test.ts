/** The kernel's own answers, by a decider that forgets everything after each command but the bytes of the host's state. */
import { readdirSync } from 'node:fs';
import { CommandHandler } from '@apledger/command-handler';
import { openMemoryLog } from '@apledger/event-log';
import { HostState } from '@apledger/host';
import { foldStream } from '@apledger/projections';
import { describe, expect, it } from 'vitest';
import { type Decider, replayVector } from './replay.ts';
import { readVectors } from './vectors.ts';

const VECTORS = new URL('../../../../test/vectors', import.meta.url).pathname;
const files = readdirSync(VECTORS, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.jsonl.gz'),
);
/** Of the sequences, every so many: each step costs a snapshot written and read. */
const EVERY = process.env.APLEDGER_LONG === '1' ? 20 : 200;

/** Counts the commands that were decided on bytes. */
class Forgetful implements Decider {
  decidedOnSnapshots = 0;
  readonly #log = openMemoryLog();
  #bytes = new HostState().toBytes();

  async submit(submission: Parameters<Decider['submit']>[0]) {
    return this.#fresh().submit(submission);
  }

  async state(host: string) {
    return this.#fresh().state(host);
  }

  #fresh(): CommandHandler {
    const stateAt = async (host: string, revision: number): Promise<HostState> => {
      const kept = HostState.ofBytes(this.#bytes);
      if (kept === undefined) throw new Error('the bytes are those of no state');
      if (kept.isRegistered) this.decidedOnSnapshots++;
      const state = await foldStream(this.#log, host, kept, revision);
      this.#bytes = state.toBytes();
      return state;
    };
    return new CommandHandler(this.#log, { states: { stateAt } });
  }
}

describe('from snapshots', () => {
  it.each(files)('%s is answered as the kernel does', async (path) => {
    let decided = 0;
    for await (const { line, vector } of readVectors(`${VECTORS}/${path}`)) {
      if (line % EVERY !== 1) continue;
      const decider = new Forgetful();
      expect(await replayVector(vector, decider)).toEqual(await replayVector(vector));
      decided += decider.decidedOnSnapshots;
    }
    expect(decided).toBeGreaterThan(10);
  });
});
