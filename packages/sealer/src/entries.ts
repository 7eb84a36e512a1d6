/** Entry bundles (c2sp.org/tlog-tiles): the leaves behind a tile of level 0, made from the log when they are asked for. */
import type { EventLog } from '@apledger/event-log';
import { EvidenceError, HASH_BYTES, leafText, parseCheckpoint, TILE_WIDTH } from '@apledger/evidence';
import { leafHash, leafOf } from './hashing.ts';
import type { TileFiles } from './tile-files.ts';

const LENGTH_BYTES = 2;

/**
 * The bundle; undefined when no checkpoint covers it. Throws EvidenceError when the log does not have these leaves any more.
 */
export async function entryBundle(
  log: EventLog,
  files: TileFiles,
  { index, width }: { readonly index: number; readonly width: number },
): Promise<Buffer | undefined> {
  const checkpoint = await files.readCheckpoint();
  const tile = await files.readTile({ level: 0, index, width });
  const positions = await files.readPositions();
  const isCovered =
    checkpoint !== undefined && parseCheckpoint(checkpoint).size >= index * TILE_WIDTH + width;
  if (tile === undefined || !isCovered || index > positions.length) return undefined;
  const parts: Buffer[] = [];
  for await (const fact of log.readAll({ after: positions[index - 1] ?? 0 })) {
    const leaf = leafOf(fact);
    const at = (parts.length / 2) * HASH_BYTES;
    if (!tile.subarray(at, at + HASH_BYTES).equals(leafHash(leaf)))
      throw new EvidenceError(
        `position ${fact.position} is not the fact that was sealed; "apledger verify" says more`,
      );
    const entry = Buffer.from(leafText(leaf));
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt16BE(entry.length);
    parts.push(length, entry);
    if (parts.length === 2 * width) break;
  }
  return parts.length === 2 * width ? Buffer.concat(parts) : undefined;
}
