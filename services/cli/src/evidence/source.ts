/** Where tiles, checkpoints and leaves of a ledger are read: on this machine, or from a service that need not be trusted. */

import { Problem } from '@apledger/api';
import { problemOf } from '@apledger/client';
import { Failure } from '@apledger/command-line';
import { tilePath } from '@apledger/evidence';
import { type Ledger, LogLedger, logUrlOf, type Place, secretFor } from '@apledger/ledger';
import { type FoundLeaf, Leaves, recomputeLeaves, TileFiles, type TileSource } from '@apledger/sealer';
import { errorText } from '@apledger/text';

const BATCH = 1000;

export interface EvidenceSource extends TileSource {
  /** The text of `checkpoint`, `checkpoint.witnessed` or `policy`; undefined when it is not there. */
  text(name: 'checkpoint' | 'checkpoint.witnessed' | 'policy'): Promise<string | undefined>;
  /** Positions of the last facts of full tiles, where they are kept. */
  positions(): Promise<readonly number[]>;
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
    positions: () => files.readPositions(),
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
  const marks = (await files.readPositions()).filter((mark) => mark <= lastPosition);
  yield* recomputeLeaves({
    url: logUrlOf(place),
    // Anybody may have edited them, and runs that overlap would make leaves of one fact twice.
    marks: isAscending(marks) ? marks : [],
    lastPosition,
    onProgress: (position) => onProgress(`recomputing leaves: position ${position} of ${lastPosition}`),
  });
  onProgress('');
}

const isAscending = (numbers: readonly number[]): boolean =>
  numbers.every((number, i) => number > (numbers[i - 1] ?? 0));

/** The service gives facts and tiles; what they come to is computed here. */
function overHttp(server: string, ledger: Ledger): EvidenceSource {
  const secret = secretFor(server);
  const headers: Readonly<Record<string, string>> =
    secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  const get = async (path: string): Promise<Response | undefined> => {
    const url = `${server.replace(/\/$/, '')}/tlog/${path}`;
    const answer = await fetch(url, { headers }).catch((error: unknown) => {
      throw new Failure(2, `${url}: ${reasonOf(error)}; is the service running there?`, error);
    });
    if (answer.ok) return answer;
    const body: unknown = await answer.json().catch(() => undefined);
    // To take a refusal for what is not there would pass over all that was signed.
    if (answer.status !== 404) throw new Failure(2, `${url}: ${refusalText(answer, body)}`);
    return undefined;
  };
  return {
    readTile: async (tile) => {
      const answer = await get(tilePath(tile));
      return answer && Buffer.from(await answer.arrayBuffer());
    },
    text: async (name) => (await get(name))?.text(),
    positions: async () => [],
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

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : errorText(cause);
}

/** What the service says itself, if it is a ledger, and what a person can do. */
function refusalText(answer: Response, body: unknown): string {
  const problem = problemOf(answer, body);
  const detail = problem instanceof Problem ? `: ${problem.message}` : '';
  return `answered ${answer.status}${detail}; ${remedyOf(answer.status)}`;
}

function remedyOf(status: number): string {
  if (status === 401) return 'sign in with "apledger login", or set APLEDGER_TOKEN';
  if (status === 403) return 'ask as somebody who may read the log';
  return 'see whether the service is well, and ask again';
}
