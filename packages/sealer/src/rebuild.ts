/** Makes the tiles anew from the log: bytewise what they were, or nothing is written. */
import type { EventLog } from '@apledger/event-log';
import { EvidenceError, parseCheckpoint, partialTiles, tilePath } from '@apledger/evidence';
import { leafHash, leafOf } from './hashing.ts';
import type { TileFiles } from './tile-files.ts';
import { type FilledTile, GrowingTree } from './tree.ts';

/** Paths of the tiles that were missing or wrong. Throws EvidenceError when the log is not what the checkpoint covers. */
export async function rebuildTiles(log: EventLog, files: TileFiles): Promise<readonly string[]> {
  const text = await files.readCheckpoint();
  if (text === undefined) return [];
  const { size, root } = parseCheckpoint(text);
  const tree = new GrowingTree();
  const tiles: FilledTile[] = [];
  const positions: number[] = [];
  if (size > 0)
    for await (const fact of log.readAll()) {
      const filled = tree.append(leafHash(leafOf(fact)));
      tiles.push(...filled);
      if (filled.length > 0) positions.push(fact.position);
      if (tree.size === size) break;
    }
  if (tree.size < size || !tree.root().equals(root))
    throw new EvidenceError(
      `the log is not what its checkpoint of ${size} facts covers: the tiles stay as they are; "apledger verify" says more`,
    );
  tiles.push(...partialTiles(size).map((tile) => ({ ...tile, hashes: tree.partial(tile.level) })));
  const wrong: FilledTile[] = [];
  for (const tile of tiles) if ((await files.readTile(tile))?.equals(tile.hashes) !== true) wrong.push(tile);
  await files.writeTiles(wrong);
  await files.writePositions(0, positions);
  return wrong.map(tilePath);
}
