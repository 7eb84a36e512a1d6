/**
 * A witness (c2sp.org/tlog-witness): cosigns a checkpoint only when it continues the last one of that log that it cosigned.
 *
 * Its memory is one SQLite file. It is changed by compare and set, and on disk, before the answer goes out; so two processes
 * over one file do not cosign two histories either.
 */
import { DatabaseSync } from 'node:sqlite';
import {
  areEqual,
  base64Of,
  type Checkpoint,
  checkConsistency,
  cosignature,
  cosignedMessage,
  decimalOf,
  EvidenceError,
  fromBase64,
  parseCheckpoint,
  signatureLine,
  signedBy,
  type Tree,
  type Verifier,
} from '@apledger/evidence';
import { EMPTY_ROOT } from './hashing.ts';
import type { Key } from './keys.ts';

const MAX_PROOF_LINES = 63;

/** What is answered over HTTP. */
export interface WitnessAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const plain = (status: number, body: string): WitnessAnswer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});
const sizeAnswer = (size: number): WitnessAnswer => ({
  status: 409,
  type: 'text/x.tlog.size',
  body: `${size}\n`,
});

export interface WitnessOptions {
  /** Keys of the logs that are cosigned. */
  readonly logs: readonly Verifier[];
  readonly key: Key;
  /** The file that remembers. */
  readonly stateFile: string;
  readonly now?: () => Date;
}

export class Witness {
  readonly #options: WitnessOptions;
  readonly #memory: WitnessMemory;

  /** Throws what SQLite throws when the file cannot be used. */
  constructor(options: WitnessOptions) {
    this.#options = options;
    this.#memory = new WitnessMemory(options.stateFile);
  }

  /** Answers the body of an `add-checkpoint` request. */
  async addCheckpoint(body: string): Promise<WitnessAnswer> {
    let request: AddCheckpoint;
    try {
      request = parseRequest(body);
    } catch (error) {
      if (error instanceof EvidenceError) return plain(400, error.message);
      throw error;
    }
    return (await this.#refusal(request)) ?? this.#advance(request);
  }

  close(): void {
    this.#memory.close();
  }

  async #refusal({ old, checkpoint }: AddCheckpoint): Promise<WitnessAnswer | undefined> {
    const known = this.#options.logs.filter(({ name }) => name === checkpoint.origin);
    if (known.length === 0) return plain(404, `log ${checkpoint.origin} is not known here`);
    const signed = await Promise.all(
      known.map((log) => signedBy(checkpoint.note, log).catch(() => undefined)),
    );
    if (signed.every((time) => time === undefined))
      return plain(403, 'no key of that log has signed the checkpoint');
    if (old > checkpoint.size)
      return plain(400, `old ${old} is more than the checkpoint's ${checkpoint.size}`);
    return undefined;
  }

  async #advance({ old, proof, checkpoint }: AddCheckpoint): Promise<WitnessAnswer> {
    const { origin } = checkpoint;
    const last = this.#memory.last(origin);
    if (old !== last.size) return sizeAnswer(last.size);
    if (old === checkpoint.size && !areEqual(last.root, checkpoint.root))
      return plain(409, `another root of size ${old} was cosigned: this log has two histories`);
    try {
      await checkConsistency(last, checkpoint, proof);
    } catch (error) {
      if (error instanceof EvidenceError) return plain(422, error.message);
      throw error;
    }
    if (!this.#memory.advance(origin, last, checkpoint)) return sizeAnswer(this.#memory.last(origin).size);
    return { ...plain(200, ''), body: await this.#cosign(checkpoint) };
  }

  async #cosign({ note }: Checkpoint): Promise<string> {
    const { key, now = () => new Date() } = this.#options;
    const time = Math.floor(now().getTime() / 1000);
    const raw = await key.sign(cosignedMessage(note.text, time));
    const { name, id } = key.verifier;
    return signatureLine({ name, id, signature: cosignature(time, raw) });
  }
}

interface AddCheckpoint {
  readonly old: number;
  readonly proof: readonly ReturnType<typeof fromBase64>[];
  readonly checkpoint: Checkpoint;
}

function parseRequest(body: string): AddCheckpoint {
  const end = body.indexOf('\n\n');
  const [old = '', ...proof] = body.slice(0, Math.max(end, 0)).split('\n');
  if (!old.startsWith('old ')) throw new EvidenceError('the first line must be "old SIZE"');
  if (proof.length > MAX_PROOF_LINES) throw new EvidenceError(`more than ${MAX_PROOF_LINES} lines of proof`);
  const checkpoint = parseCheckpoint(body.slice(end + 2));
  return { old: decimalOf(old.slice('old '.length)), proof: proof.map(fromBase64), checkpoint };
}

/** The last checkpoint of each log. */
class WitnessMemory {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec(`PRAGMA busy_timeout = 5000; PRAGMA synchronous = EXTRA;
      CREATE TABLE IF NOT EXISTS cosigned (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root TEXT NOT NULL) STRICT`);
  }

  last(origin: string): Tree {
    const row = this.#db.prepare('SELECT size, root FROM cosigned WHERE origin = ?').get(origin);
    if (row === undefined) return { size: 0, root: Uint8Array.from(EMPTY_ROOT) };
    return { size: Number(row.size), root: fromBase64(String(row.root)) };
  }

  /** False when the last one is not `before` any more. */
  advance(origin: string, before: Tree, next: Tree): boolean {
    const [size, root] = [next.size, base64Of(next.root)];
    const updated = this.#db
      .prepare('UPDATE cosigned SET size = ?, root = ? WHERE origin = ? AND size = ? AND root = ?')
      .run(size, root, origin, before.size, base64Of(before.root));
    if (updated.changes === 1) return true;
    const isFirst = before.size === 0;
    const insert = this.#db.prepare('INSERT OR IGNORE INTO cosigned VALUES (?, ?, ?)');
    return isFirst && insert.run(origin, size, root).changes === 1;
  }

  close(): void {
    this.#db.close();
  }
}
