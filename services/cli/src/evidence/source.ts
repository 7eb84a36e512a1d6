/** Where tiles, checkpoints and leaves of a ledger are read: on this machine, or from a service that need not be trusted. */

import { tilePath } from '@apledger/evidence';
import { type Ledger, LogLedger, logUrlOf, type Place } from '@apledger/ledger';
import { type FoundLeaf, Leaves, recomputeLeaves, TileFiles, type TileSource } from '@apledger/sealer';

const BATCH = 1000;

export interface EvidenceSource extends TileSource {
  /** The text of `checkpoint`, `checkpoint.witnessed` or `policy`; undefined when it is not there. */
  text(name: 'checkpoint' | 'checkpoint.witnessed' | 'policy'): Promise<string | undefined>;
  /** Every leaf, recomputed here from its fact. */
  leaves(onProgress: (text: string) => void): AsyncIterable<readonly FoundLeaf[]>;
}

/** The source that belongs to the ledger of a place. */
export function sourceOf(place: Place, ledger: Ledger): EvidenceSource {
  if (place.server !== undefined) return overHttp(place.server, ledger);
  const files = (ledger instanceof LogLedger ? ledger.tlog : undefined) ?? new TileFiles('/nonexistent');
  return {
    readTile: (tile) => files.readTile(tile),
    text: async (name) => (await files.readServed(name))?.toString('utf8'),
    leaves: (onProgress) => leavesHere(place, ledger, files, onProgress),
  };
}

async function* leavesHere(
  place: Place,
  ledger: Ledger,
  files: TileFiles,
  onProgress: (text: string) => void,
) {
  const lastPosition = ledger instanceof LogLedger ? await ledger.log.lastPosition() : 0;
  yield* recomputeLeaves({
    url: logUrlOf(place),
    marks: await files.readPositions(),
    lastPosition,
    onProgress: (position) => onProgress(`recomputing leaves: position ${position} of ${lastPosition}`),
  });
  onProgress('');
}

/** The service gives facts and tiles; what they come to is computed here. */
function overHttp(server: string, ledger: Ledger): EvidenceSource {
  const get = async (path: string): Promise<Response | undefined> => {
    const answer = await fetch(`${server.replace(/\/$/, '')}/tlog/${path}`);
    return answer.ok ? answer : undefined;
  };
  return {
    readTile: async (tile) => {
      const answer = await get(tilePath(tile));
      return answer && Buffer.from(await answer.arrayBuffer());
    },
    text: async (name) => (await get(name))?.text(),
    leaves: async function* () {
      const leaves = new Leaves();
      let batch: FoundLeaf[] = [];
      for await (const fact of ledger.facts({})) {
        const { stream, revision, position } = fact;
        batch.push({ stream, revision, position, hash: leaves.next(fact) });
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
      yield batch;
    },
  };
}
