/**
 * The sealer: follows a log, makes its tiles, and has the checkpoint signed.
 *
 * The order is what keeps the promise: tiles on disk, then the signer's memory (compare and set), then the signature, then
 * `checkpoint`. So whatever crashes between, nothing is signed that is not kept, and no two sealers sign different histories.
 * A log that ends before what was signed, or differs from it, is refused; nothing is written then.
 */
import type { EventLog } from '@apledger/event-log';
import {
  EvidenceError,
  parseCheckpoint,
  partialTiles,
  TILE_WIDTH,
  type Tile,
  tilePath,
} from '@apledger/evidence';
import { leafHash, leafOf, subtreeHash } from './hashing.ts';
import type { Key } from './keys.ts';
import { lastSigned, type Remembered, type Signed } from './memory.ts';
import { TileReader } from './reading.ts';
import { type Signer, signCheckpoint } from './signer.ts';
import type { TileFiles } from './tile-files.ts';
import { type FilledTile, GrowingTree } from './tree.ts';

/** Facts that are read before their tiles are written, once the log is known to be what was signed. */
const BATCH_FACTS = 64 * TILE_WIDTH;
/** How often another sealer may be faster in one step. */
const MAX_RACES = 20;

export interface SealerOptions {
  readonly log: EventLog;
  readonly files: TileFiles;
  readonly signer: Signer;
  /** Keys that sign beside the signer's own, as the next one does at a rotation. */
  readonly cosigners?: readonly Key[];
  /** Gets what an operator should know. */
  readonly report?: (message: string) => void;
}

/** What was sealed. */
export interface Sealed extends Signed {
  /** Position of the last fact that is covered. */
  readonly position: number;
  /** The checkpoint, when it was written just now. */
  readonly note: string | undefined;
}

export class Sealer {
  readonly #options: SealerOptions;
  #tree = new GrowingTree();
  #positions: number[] = [];
  /** How many of the positions are on disk. */
  #noted = 0;
  #position = 0;
  #filled: FilledTile[] = [];
  /** Whether every leaf was computed here, so that tiles on disk had no part in it. */
  #isFromLog = false;
  /** What was signed and is known to be the beginning of this log. */
  #agreed: Signed | undefined;
  #origin: string | undefined;
  #refusal: { readonly number: number; readonly error: Differs } | undefined;

  private constructor(options: SealerOptions) {
    this.#options = options;
  }

  /** Goes on where the tiles end. */
  static async open(options: SealerOptions): Promise<Sealer> {
    const sealer = new Sealer(options);
    await sealer.#load();
    return sealer;
  }

  /** Facts in the tree. */
  get size(): number {
    return this.#tree.size;
  }

  /**
   * Seals the facts that there are now. Throws EvidenceError when the signer has to refuse this log, and what log, files and
   * key throw; the next step tries again.
   */
  async step(): Promise<Sealed> {
    for (let race = 0; race < MAX_RACES; race++) {
      const before = await lastSigned(this.#options);
      await this.#catchUp(before);
      const sealed = await this.#publish(before);
      if (sealed !== undefined) return sealed;
    }
    throw new EvidenceError(`other sealers were faster ${MAX_RACES} times; is one enough?`);
  }

  /** Takes what the log has more, and holds it to what was signed. A log that differed does so until something else is signed. */
  async #catchUp({ number, last }: Remembered): Promise<void> {
    if (this.#refusal?.number === number) throw this.#refusal.error;
    try {
      await this.#read(last).catch((error) => {
        if (!(error instanceof Differs) || this.#isFromLog) throw error;
        this.#options.report?.('the tiles do not lead to what was signed: they are made anew from the log');
        this.#restart();
        return this.#read(last);
      });
    } catch (error) {
      if (error instanceof Differs) this.#refusal = { number, error };
      throw error;
    }
  }

  async #load(): Promise<void> {
    const { files } = this.#options;
    const positions = await files.readPositions();
    const reader = new TileReader(files, positions.length * TILE_WIDTH);
    try {
      const levels = await Promise.all(
        partialTiles(reader.size).map(async ({ level, index, width }) => {
          const hashes: Buffer[] = [];
          // From the tiles below, so that one of the last that is missing is noticed.
          for (let at = 0; at < width; at++)
            hashes.push(subtreeHash(await reader.tile(level - 1, index * TILE_WIDTH + at)));
          return { level, hashes: Buffer.concat(hashes) };
        }),
      );
      const partial = Array.from(
        { length: Math.max(0, ...levels.map(({ level }) => level + 1)) },
        (_, level) => {
          return levels.find((each) => each.level === level)?.hashes ?? Buffer.alloc(0);
        },
      );
      this.#tree = new GrowingTree(reader.size, partial);
      this.#positions = positions;
      this.#noted = positions.length;
      this.#position = positions.at(-1) ?? 0;
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error;
      this.#options.report?.(`${error.message}: the tiles are made anew from the log`);
      this.#restart();
    }
  }

  #restart(): void {
    this.#tree = new GrowingTree();
    this.#positions = [];
    this.#noted = 0;
    this.#position = 0;
    this.#filled = [];
    this.#isFromLog = true;
  }

  /** Throws Differs where the log is not what was signed, before any tile of it is written. */
  async #read(last: Signed | undefined): Promise<void> {
    const { log, signer } = this.#options;
    const origin = (await signer.open()).key.verifier.name;
    // The log was forked: its tiles were set aside.
    if (this.#origin !== undefined && this.#origin !== origin) this.#restart();
    this.#origin = origin;
    if (last !== undefined && last.origin !== origin)
      throw new EvidenceError(
        `the signer's key is of ${origin}, and ${last.origin} was signed last. Nothing more is signed. Bring back the signer's directory of ${last.origin} (--signer DIR); only if it is lost for good, go on with "apledger log fork --reason TEXT"`,
      );
    const signed = last?.size ?? 0;
    if (last !== undefined && last.size <= this.size && !isSameTree(last, this.#agreed)) {
      await this.#flush();
      const root = last.size === this.size ? this.#tree.root() : await this.#reader().root(last.size);
      this.#agree(root, last);
    }
    for await (const fact of log.readAll({ after: this.#position })) {
      const filled = this.#tree.append(leafHash(leafOf(fact)));
      this.#position = fact.position;
      this.#filled.push(...filled);
      if (filled.length > 0) this.#positions.push(fact.position);
      if (this.size === last?.size) this.#agree(this.#tree.root(), last);
      if (this.size >= signed && this.#filled.length >= BATCH_FACTS / TILE_WIDTH) await this.#flush();
    }
    if (this.size < signed)
      throw new EvidenceError(
        `this log ends before what was signed: it has ${this.size} facts, and ${signed} were signed. ${REMEDY}`,
      );
    await this.#flush();
  }

  #agree(root: Buffer, last: Signed): void {
    if (!root.equals(last.root))
      throw new Differs(
        `this log differs from what was signed, within its first ${last.size} facts. ${REMEDY}`,
      );
    this.#agreed = last;
  }

  /** Writes what is full. A tile that is there stays as it is; one that is not what follows from the log is replaced. */
  async #flush(): Promise<void> {
    const { files, report } = this.#options;
    if (this.#filled.length === 0) return;
    const found = await Promise.all(this.#filled.map((tile) => files.readTile(tile)));
    for (const [i, tile] of this.#filled.entries())
      if (found[i]?.equals(tile.hashes) === false)
        report?.(`${tilePath(tile)} is not what follows from the log, and is written anew`);
    await files.writeTiles(this.#filled.filter(({ hashes }, i) => found[i]?.equals(hashes) !== true));
    await files.writePositions(this.#noted, this.#positions.slice(this.#noted));
    this.#noted = this.#positions.length;
    this.#filled = [];
  }

  /** Undefined when another sealer was faster. */
  async #publish(before: Remembered): Promise<Sealed | undefined> {
    const { files, signer, cosigners = [] } = this.#options;
    const { key } = await signer.open();
    const size = this.#tree.size;
    const next = { origin: key.verifier.name, size, root: this.#tree.root() };
    const sealed = { ...next, position: this.#position };
    const isSame = before.last?.size === size;
    if (isSame && cosigners.length === 0 && (await this.#isPublished(size)))
      return { ...sealed, note: undefined };
    await files.writeTiles(this.#partials());
    if (!isSame && !(await signer.memory.advance(before, next))) return undefined;
    this.#agreed = next;
    const extensions = await signer.extensions();
    const note = await signCheckpoint({ ...next, extensions }, [key, ...cosigners]);
    await files.writeCheckpoint(note);
    await this.#dropPartials();
    return { ...sealed, note };
  }

  /** Whether the checkpoint on disk is one of this size. */
  async #isPublished(size: number): Promise<boolean> {
    try {
      const text = await this.#options.files.readCheckpoint();
      return text !== undefined && parseCheckpoint(text).size === size;
    } catch (error) {
      if (error instanceof EvidenceError) return false;
      throw error;
    }
  }

  #partials(): readonly FilledTile[] {
    return partialTiles(this.#tree.size).map((tile) => ({ ...tile, hashes: this.#tree.partial(tile.level) }));
  }

  #dropped = 0;

  /** Of tiles that have become full since it was asked last. */
  async #dropPartials(): Promise<void> {
    const full = this.#positions.length;
    const tiles: Tile[] = [];
    for (let [level, from, to] = [0, this.#dropped, full]; to > 0; level++) {
      if (this.#dropped > 0)
        for (let index = from; index < to; index++) tiles.push({ level, index, width: TILE_WIDTH });
      [from, to] = [Math.floor(from / TILE_WIDTH), Math.floor(to / TILE_WIDTH)];
    }
    this.#dropped = full;
    for (const tile of tiles) await this.#options.files.dropPartials(tile);
  }

  /** This tree, its partial tiles included. */
  #reader(): TileReader {
    const { files } = this.#options;
    const partials = new Map(this.#partials().map((tile) => [tilePath(tile), tile.hashes]));
    return new TileReader(
      { readTile: async (tile) => partials.get(tilePath(tile)) ?? files.readTile(tile) },
      this.size,
    );
  }
}

const isSameTree = (a: Signed, b: Signed | undefined): boolean => a.size === b?.size && a.root.equals(b.root);

/** The log is not the one that was signed. */
class Differs extends EvidenceError {}

const REMEDY =
  'Nothing more is signed. Was an old backup restored? Bring the newer log back; only if it is lost for good, go on with "apledger log fork --reason TEXT"';
