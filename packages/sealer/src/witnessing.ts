/** Asks the witnesses of a policy to cosign checkpoints (c2sp.org/tlog-witness). Nobody waits for them. */
import {
  base64Of,
  type Checkpoint,
  decimalOf,
  EvidenceError,
  isEnough,
  type NoteSignature,
  noteText,
  type Policy,
  type PolicyWitness,
  parseCheckpoint,
  parseSignatureLine,
  signedBy,
} from '@apledger/evidence';
import { TileReader } from './reading.ts';
import { type TileFiles, withSignatures } from './tile-files.ts';

const ANSWER_MS = 10_000;
/** A first request that knows no size, the next one with the witness's, and one more when another sealer was between. */
const MAX_ATTEMPTS = 3;

/** What a witness did last. */
export interface WitnessState {
  readonly name: string;
  /** Size of the last checkpoint that it cosigned here; 0 = none. */
  readonly size: number;
  /** When, RFC 3339. */
  readonly at: string | null;
  /** Why the last attempt failed. */
  readonly fault: string | null;
}

interface Turn {
  state: WitnessState;
  isBusy: boolean;
  next: string | undefined;
}

export class Witnesses {
  readonly #files: TileFiles;
  readonly #policy: Policy;
  readonly #signal: AbortSignal;
  readonly #turns: ReadonlyMap<PolicyWitness, Turn>;
  /** Cosignatures of the checkpoints that are under way. */
  readonly #collected = new Map<string, Map<string, NoteSignature>>();
  readonly #running = new Set<Promise<void>>();

  /** `signal` ends what is asked. */
  constructor(files: TileFiles, policy: Policy, signal: AbortSignal) {
    this.#signal = signal;
    this.#files = files;
    this.#policy = policy;
    this.#turns = new Map(
      policy.witnesses
        .filter(({ url }) => url !== undefined)
        .map((witness) => [
          witness,
          { state: { name: witness.name, size: 0, at: null, fault: null }, isBusy: false, next: undefined },
        ]),
    );
  }

  get states(): readonly WitnessState[] {
    return [...this.#turns.values()].map(({ state }) => state);
  }

  /** Hands a checkpoint to every witness that is not busy; the others get the newest one when they are done. */
  offer(note: string): void {
    for (const [witness, turn] of this.#turns) {
      turn.next = note;
      if (turn.isBusy) continue;
      const run = this.#serve(witness, turn).finally(() => this.#running.delete(run));
      this.#running.add(run);
    }
  }

  /** Resolves when no witness is asked any more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #serve(witness: PolicyWitness, turn: Turn): Promise<void> {
    turn.isBusy = true;
    for (let note = turn.next; note !== undefined; note = turn.next) {
      turn.next = undefined;
      try {
        const checkpoint = parseCheckpoint(note);
        const signature = await this.#ask(witness, turn.state.size, note, checkpoint);
        await this.#keep(witness, checkpoint, signature);
        turn.state = { ...turn.state, size: checkpoint.size, at: new Date().toISOString(), fault: null };
      } catch (error) {
        turn.state = { ...turn.state, fault: error instanceof Error ? reasonOf(error) : String(error) };
      }
    }
    turn.isBusy = false;
  }

  async #ask(
    witness: PolicyWitness,
    known: number,
    note: string,
    checkpoint: Checkpoint,
  ): Promise<NoteSignature> {
    let old = known;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const proof = await new TileReader(this.#files, checkpoint.size).consistency(old);
      const lines = proof.map((hash) => `${base64Of(hash)}\n`).join('');
      const answer = await fetch(`${witness.url?.replace(/\/$/, '')}/add-checkpoint`, {
        method: 'POST',
        body: `old ${old}\n${lines}\n${note}`,
        signal: AbortSignal.any([this.#signal, AbortSignal.timeout(ANSWER_MS)]),
      });
      const body = await answer.text();
      if (answer.ok) return cosignatureIn(body, witness, checkpoint);
      const isSize = answer.headers.get('content-type')?.startsWith('text/x.tlog.size') === true;
      if (answer.status !== 409 || !isSize)
        throw new EvidenceError(`it answers ${answer.status}: ${body.trim().slice(0, 200)}`);
      old = decimalOf(body.trim());
      if (old > checkpoint.size)
        throw new EvidenceError(`it has cosigned ${old} facts of this log, more than there are`);
    }
    throw new EvidenceError('others ask it for the same log at the same time');
  }

  /** Puts the cosignature under the checkpoint; the first that makes them enough makes it `checkpoint.witnessed`. */
  async #keep(witness: PolicyWitness, { note }: Checkpoint, signature: NoteSignature): Promise<void> {
    const collected = this.#collected.get(note.text) ?? new Map<string, NoteSignature>();
    this.#collected.set(note.text, collected.set(witness.name, signature));
    for (const text of [...this.#collected.keys()].slice(0, -8)) this.#collected.delete(text);
    const signatures = [...collected.values()];
    await this.#files.addSignatures(note.text, signatures);
    if (isEnough(this.#policy, new Set(collected.keys())))
      await this.#files.writeCheckpoint(noteText(withSignatures(note, signatures)), 'checkpoint.witnessed');
  }
}

/** The witness's line among those that came. Throws EvidenceError. */
async function cosignatureIn(
  body: string,
  { verifier }: PolicyWitness,
  { note }: Checkpoint,
): Promise<NoteSignature> {
  for (const line of body.split('\n').filter((each) => each !== '')) {
    const signature = parseSignatureLine(line);
    if ((await signedBy({ text: note.text, signatures: [signature] }, verifier)) !== undefined)
      return signature;
  }
  throw new EvidenceError('it answered without a cosignature by the key that the policy names');
}

const reasonOf = (error: Error): string =>
  error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
