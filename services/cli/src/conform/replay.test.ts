/** The kernel's own answers, by a decider that forgets everything after each command but the snapshot that it left. */
import { readdirSync } from 'node:fs';
import { CommandHandler, type Snapshot, type SnapshotStore } from '@apledger/command-handler';
import { openMemoryLog } from '@apledger/event-log';
import { describe, expect, it } from 'vitest';
import { type Decider, replayVector } from './replay.ts';
import { readVectors } from './vectors.ts';

const VECTORS = new URL('../../../../test/vectors', import.meta.url).pathname;
const files = readdirSync(VECTORS, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.jsonl.gz'),
);
/** Of the sequences, every so many: each step costs a snapshot written and read. */
const EVERY = process.env.APLEDGER_LONG === '1' ? 20 : 200;

/** Counts the commands that were decided on a snapshot. */
class Forgetful implements Decider {
  decidedOnSnapshots = 0;
  readonly #log = openMemoryLog();
  #latest: Snapshot | undefined;
  readonly #snapshots: SnapshotStore = {
    load: async () => this.#latest,
    save: async (snapshot) => {
      this.#latest = snapshot;
    },
    drop: async (_, revision) => expect.fail(`the snapshot at revision ${revision} was dropped`),
  };

  async submit(submission: Parameters<Decider['submit']>[0]) {
    if (this.#latest !== undefined) this.decidedOnSnapshots++;
    return this.#once((handler) => handler.submit(submission));
  }

  async state(host: string) {
    return this.#once((handler) => handler.state(host));
  }

  async #once<T>(work: (handler: CommandHandler) => Promise<T>): Promise<T> {
    const handler = new CommandHandler(this.#log, { snapshots: this.#snapshots, snapshotInterval: 1 });
    const result = await work(handler);
    await handler.close();
    return result;
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
