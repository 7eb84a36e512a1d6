/**
 * The directory `tlog`: what a static server needs to serve a log (c2sp.org/tlog-tiles), and `positions`.
 *
 *     checkpoint             the newest signed checkpoint, replaced as a whole
 *     checkpoint.witnessed   the newest one that enough witnesses cosigned
 *     tile/...               hashes; a full tile never changes
 *     policy                 the log's key and its witnesses (c2sp.org/tlog-policy)
 *     positions              of each full tile of level 0, the position of its last fact: 8 bytes, big-endian
 *
 * `positions` is ours: it says where in the log a leaf's fact is. Every file but the checkpoints follows from the log.
 */
import { readFileSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InTurn } from '@apledger/event-log';
import {
  areEqual,
  type Checkpoint,
  HASH_BYTES,
  type Note,
  type NoteSignature,
  noteText,
  parseCheckpoint,
  parseNote,
  parseTilePath,
  TILE_WIDTH,
  type Tile,
  tilePath,
} from '@apledger/evidence';
import { errorCode } from '@apledger/text';
import { onFile, readIfThere, replaceFile, syncDirectory, unlessMissing } from './files.ts';
import type { FilledTile } from './tree.ts';

const POSITION_BYTES = 8;
/** Tiles that are written at the same time. */
const BATCH = 64;

/** The newest one that was signed; the newest one with as many cosignatures as the policy asks for. */
type CheckpointName = 'checkpoint' | 'checkpoint.witnessed';

/** The note with these signatures too, each key once. */
export function withSignatures(note: Note, more: readonly NoteSignature[]): Note {
  const isNew = ({ name, id }: NoteSignature) =>
    !more.some((each) => each.name === name && areEqual(each.id, id));
  return { text: note.text, signatures: [...note.signatures.filter(isNew), ...more] };
}

export class TileFiles {
  readonly directory: string;
  /** The sealer and the witnesses both write the checkpoint. */
  readonly #turns = new InTurn();

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Hashes of a tile, or the beginning of the full one; undefined when neither is there as it should be. */
  async readTile(tile: Tile): Promise<Buffer | undefined> {
    const bytes = tile.width * HASH_BYTES;
    const partial = await readIfThere(join(this.directory, tilePath(tile)));
    if (partial?.length === bytes) return partial;
    const full = await readIfThere(join(this.directory, tilePath({ ...tile, width: TILE_WIDTH })));
    return full?.length === TILE_WIDTH * HASH_BYTES ? full.subarray(0, bytes) : undefined;
  }

  /** Resolves when all of them are on disk. */
  async writeTiles(tiles: readonly FilledTile[]): Promise<void> {
    const folders = new Set<string>();
    for (let at = 0; at < tiles.length; at += BATCH)
      await Promise.all(
        tiles.slice(at, at + BATCH).map(async (tile) => {
          const path = join(this.directory, tilePath(tile));
          await replaceFile(path, tile.hashes);
          folders.add(dirname(path));
        }),
      );
    await Promise.all([...folders].map(syncDirectory));
  }

  /** Forgets the partial tiles of a tile that is full. */
  async dropPartials(tile: Tile): Promise<void> {
    await rm(`${join(this.directory, tilePath(tile))}.p`, { recursive: true, force: true });
  }

  /** Positions of the last facts of the full tiles of level 0. */
  async readPositions(): Promise<number[]> {
    const bytes = (await readIfThere(join(this.directory, 'positions'))) ?? Buffer.alloc(0);
    return Array.from({ length: Math.floor(bytes.length / POSITION_BYTES) }, (_, i) =>
      Number(bytes.readBigUInt64BE(i * POSITION_BYTES)),
    );
  }

  /** Notes the positions of further tiles behind the first `known` ones; resolves when they are on disk. */
  async writePositions(known: number, positions: readonly number[]): Promise<void> {
    const bytes = Buffer.alloc(positions.length * POSITION_BYTES);
    for (const [i, position] of positions.entries())
      bytes.writeBigUInt64BE(BigInt(position), i * POSITION_BYTES);
    const path = join(this.directory, 'positions');
    await onFile(path, 'write', async () => {
      const file = await open(path, 'r+').catch((error) => {
        if (errorCode(error) === 'ENOENT') return open(path, 'w+');
        throw error;
      });
      try {
        await file.write(bytes, 0, bytes.length, known * POSITION_BYTES);
        await file.truncate((known + positions.length) * POSITION_BYTES);
        await file.datasync();
      } finally {
        await file.close();
      }
    });
  }

  /** The signed note; undefined when nothing was signed yet. Read at once: every proof needs its few hundred bytes. */
  async readCheckpoint(name: CheckpointName = 'checkpoint'): Promise<string | undefined> {
    const path = join(this.directory, name);
    return onFile(path, 'read', () => {
      try {
        return readFileSync(path, 'utf8');
      } catch (error) {
        return unlessMissing(error);
      }
    });
  }

  /** When it was written; undefined when it is not there. */
  async checkpointTime(name: CheckpointName = 'checkpoint'): Promise<Date | undefined> {
    return (await stat(join(this.directory, name)).catch(() => undefined))?.mtime;
  }

  writeCheckpoint(note: string, name: CheckpointName = 'checkpoint'): Promise<void> {
    return this.#turns.run(async () => {
      await replaceFile(join(this.directory, name), note);
      await syncDirectory(this.directory);
    });
  }

  /** Puts cosignatures under the checkpoint, unless it has been replaced meanwhile. */
  addSignatures(text: string, signatures: readonly NoteSignature[]): Promise<void> {
    return this.#turns.run(async () => {
      const note = parseNote((await this.readCheckpoint()) ?? '\n\n');
      if (note.text !== text) return;
      await replaceFile(join(this.directory, 'checkpoint'), noteText(withSignatures(note, signatures)));
    });
  }

  /** The policy that names the log's key and its witnesses, for those who have no other. */
  async readPolicy(): Promise<string | undefined> {
    return (await readIfThere(join(this.directory, 'policy')))?.toString('utf8');
  }

  async writePolicy(text: string): Promise<void> {
    if ((await this.readPolicy()) !== text) await replaceFile(join(this.directory, 'policy'), text);
  }

  /** The bytes of a file that a static server would serve; undefined for a path that is none of them, or is not there. */
  async readServed(path: string): Promise<Buffer | undefined> {
    const [, level, rest = ''] = /^tile\/(\d{1,2})\/(.+)$/.exec(path) ?? [];
    const place = parseTilePath(rest);
    if (level !== undefined && place !== undefined) return this.readTile({ level: Number(level), ...place });
    if (path !== 'checkpoint' && path !== 'checkpoint.witnessed' && path !== 'policy') return undefined;
    return readIfThere(join(this.directory, path));
  }

  /** The newest checkpoint, or the newest witnessed one if that covers the leaf. Undefined when neither does. */
  async checkpointFor(
    index: number,
  ): Promise<{ readonly text: string; readonly checkpoint: Checkpoint } | undefined> {
    for (const name of ['checkpoint.witnessed', 'checkpoint'] as const) {
      const text = await this.readCheckpoint(name);
      if (text === undefined) continue;
      const checkpoint = parseCheckpoint(text);
      if (checkpoint.size > index) return { text, checkpoint };
    }
    return undefined;
  }

  /** Puts the directory aside under another name, to be kept. */
  async setAside(path: string): Promise<void> {
    await onFile(this.directory, 'write', () => rename(this.directory, path).catch(unlessMissing));
  }
}
