/** The file of an index that a service keeps: others can check it, and have it made again. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventLog, Problem } from '@apledger/event-log';
import { CacheUnusable } from '../cache-file.ts';
import { openReadModel } from '../read-model.ts';
import { openSqliteStore } from '../sqlite-store.ts';
import { FactIndex } from './fact-index.ts';
import { DamagedIndex, IndexStore } from './store.ts';

/** Empties the index of that path, if there is one: the service makes it again when it runs. Throws CacheUnusable. */
export function forgetIndex(path: string, report?: (line: string) => void): void {
  if (!existsSync(path)) return;
  const kept = IndexStore.open(path, report);
  kept.clear();
  kept.close();
}

/**
 * Is what the index keeps what the log makes? It is made once more, in files of its own, and every piece is compared: a checksum shows
 * damage, and anyone who forges a piece forges its checksum with it. Resolves with what differs, one problem for each piece. One that no question would use has no problems: of another log, of
 * another layout, or damaged. Throws `CannotFold` and LogError.
 */
export async function checkIndex(log: EventLog, path: string): Promise<readonly Problem[]> {
  let kept: IndexStore | undefined;
  try {
    kept = IndexStore.openToRead(path);
    return await differences(log, kept);
  } catch (error) {
    if (error instanceof CacheUnusable || error instanceof DamagedIndex) return [];
    throw error;
  } finally {
    kept?.close();
  }
}

async function differences(log: EventLog, kept: IndexStore): Promise<readonly Problem[]> {
  const directory = mkdtempSync(join(tmpdir(), 'apledger-verify-'));
  const made = IndexStore.open(join(directory, 'fact-index.sqlite'));
  const states = await openReadModel({ log, store: openSqliteStore(join(directory, 'read-model.sqlite')) });
  try {
    await states.catchUp();
    const index = new FactIndex({
      log,
      store: made,
      stateAt: (host, revision) => states.stateAt(host, revision),
    });
    // A service may go on with it meanwhile: then what has come is made, too.
    for (;;) {
      const position = kept.checkpoint()?.position;
      if (position === undefined) return [];
      await index.catchUp(position);
      const found = kept.atOnce(() => compared(kept, made, position));
      if (found !== undefined) return found;
    }
  } finally {
    made.close();
    states.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Undefined when the kept index has moved on. One of another log has no problems: it is emptied when a service opens it. */
function compared(kept: IndexStore, made: IndexStore, position: number): readonly Problem[] | undefined {
  const [is, should] = [kept.checkpoint(), made.checkpoint()];
  if (is?.position !== position) return undefined;
  return is.hash === should?.hash ? [...differing(kept, made, position)] : [];
}

function* differing(kept: IndexStore, made: IndexStore, position: number): Generator<Problem> {
  const keyOf = ({ term, chunk }: { readonly term: string; readonly chunk: number }) => `${term} ${chunk}`;
  const right = new Set(made.places().map(keyOf));
  const problem = (key: string): Problem => ({
    ...{ stream: '', revision: -1, position },
    problem: `the index over the facts does not say what the log makes, in its piece ${JSON.stringify(key)}`,
  });
  for (const place of kept.places()) if (!right.has(keyOf(place))) yield problem(keyOf(place));
  for (const place of made.places()) {
    const found = kept.piece(place.term, place.chunk);
    const expected = made.piece(place.term, place.chunk);
    if (found === undefined || expected === undefined || Buffer.compare(found, expected) !== 0)
      yield problem(keyOf(place));
  }
}
