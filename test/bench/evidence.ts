/**
 * What evidence costs: appends with and without the sealer in another thread, one proof, and the verification of a log.
 *
 * `verify` is held against what one core hashes of the same facts: the limit of a verifier that had nothing else to do.
 */
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { canonicalEnvelope, openSqliteLog, type RecordedFact } from '@apledger/event-log';
import { parseCheckpoint } from '@apledger/evidence';
import { checkLeaves, Prover, recomputeLeaves, Sealer, Signer, TileFiles } from '@apledger/sealer';
import { appendsTo } from './append.ts';
import { type Bench, type Context, sized } from './context.ts';
import { ordinaryFacts } from './history.ts';
import { median, progress, quantile, ratio, seconds, takeRounds } from './measure.ts';
import { aim, type Row, range, short, times } from './table.ts';

const ROUNDS = 7;
const WRITERS = 64;
const TOGETHER = 300 * WRITERS;
const FACTS = 1_000_000;
/** Facts of a commit, about as many as a command has. */
const A_COMMIT = 4;
const PROOFS = 500;
const HASHED = 100_000;

export const evidence: Bench = async (context) => [
  ...(await appendRows(context)),
  ...(await logRows(context)),
];

async function appendRows(context: Context): Promise<Row[]> {
  const facts = ordinaryFacts(1000);
  const count = sized(context, TOGETHER);
  const once = async (isSealed: boolean): Promise<number> => {
    const directory = mkdtempSync(join(context.scratch, 'sealed-'));
    const log = await openSqliteLog({ directory, synchronous: 'FULL' });
    const sealer = isSealed ? startSealer(directory) : undefined;
    try {
      await sealer?.isReady;
      const taken = await seconds(() => appendsTo(log, facts, WRITERS, count));
      return count / taken;
    } finally {
      await sealer?.stop();
      await log.close();
      rmSync(directory, { recursive: true, force: true });
    }
  };
  const names = ['sealed', 'not sealed'] as const;
  const rounds = await takeRounds(
    ROUNDS,
    names.map((name) => ({ name, perSecond: () => once(name === 'sealed') })),
    `append, ${WRITERS} writers`,
  );
  const against = ratio(rounds, 'sealed', 'not sealed');
  return names.map((name) => {
    const values = rounds.get(name) ?? [];
    const compared =
      name === 'sealed'
        ? {
            ratio: times(against, 'not sealed') ?? '',
            ...aim('>= 0.95 x', against, (value) => value >= 0.95),
          }
        : {};
    return {
      bench: 'evidence',
      what: `append, ${WRITERS} writers, ${name}`,
      value: `${short(median(values))}/s`,
      spread: range(values),
      ...compared,
      figures: { perSecond: median(values) },
    };
  });
}

/** The thread of the service over a directory. */
function startSealer(directory: string) {
  const workerData = {
    url: `sqlite:${encodeURIComponent(directory)}`,
    directory,
    tlog: join(directory, 'tlog'),
    signer: { directory: join(directory, 'signer'), origin: 'bench' },
  };
  const path = join(import.meta.dirname, '../../services/ledger/src/evidence/worker.ts');
  const worker = new Worker(pathToFileURL(path), { workerData });
  const ready = Promise.withResolvers<void>();
  worker.on('message', ({ kind }) => {
    if (kind === 'state') ready.resolve();
  });
  const ended = new Promise<void>((resolve) => worker.on('exit', () => resolve()));
  return {
    isReady: ready.promise,
    stop: async () => {
      worker.postMessage('stop');
      await ended;
    },
  };
}

async function logRows(context: Context): Promise<Row[]> {
  const count = sized(context, FACTS);
  const directory = mkdtempSync(join(context.scratch, 'evidence-'));
  const log = await openSqliteLog({ directory, synchronous: 'NORMAL' });
  const facts = ordinaryFacts(1000);
  progress(`evidence: a log of ${count} facts`);
  await appendsTo(log, facts, WRITERS, count, A_COMMIT);
  const files = new TileFiles(join(directory, 'tlog'));
  const signer = new Signer({ directory: join(directory, 'signer'), origin: 'bench' });
  const sealing = await seconds(async () => (await Sealer.open({ log, files, signer })).step());
  const rows = [
    row('seal a log at once', `${short(count / sealing)} facts/s`, { perSecond: count / sealing }),
  ];
  const prover = new Prover(log, files);
  const taken: number[] = [];
  for (let i = 0; i < PROOFS; i++)
    taken.push(1000 * (await seconds(() => prover.prove(1 + ((i * 7919) % count)))));
  const proof = median(taken);
  rows.push({
    ...row('proof of one fact', `${proof.toFixed(2)} ms`, { ms: proof, p99: quantile(taken, 0.99) }),
    spread: `p99 ${quantile(taken, 0.99).toFixed(2)} ms`,
    ...aim('< 1 ms', proof, (value) => value < 1),
  });
  const limit = await hashLimit(log.readAll());
  const checkpoint = parseCheckpoint((await files.readCheckpoint()) ?? '');
  const lastPosition = await log.lastPosition();
  let differences = -1;
  const verifying = await seconds(async () => {
    const leaves = recomputeLeaves({
      url: `sqlite:${encodeURIComponent(directory)}`,
      marks: await files.readPositions(),
      lastPosition,
    });
    const tiles = { source: files, size: checkpoint.size };
    differences = (await checkLeaves({ leaves, kept: [{ name: 'checkpoint', checkpoint }], tiles }))
      .differences.length;
  });
  if (differences !== 0) throw new Error(`${differences} differences in a log that nobody touched`);
  await log.close();
  rows.push(row('hashing alone, one core', `${short(limit)} facts/s`, { perSecond: limit }));
  const against = count / verifying / limit;
  rows.push({
    ...row(`verify every leaf of ${short(count)} facts, all cores`, `${short(count / verifying)} facts/s`, {
      perSecond: count / verifying,
      ratio: against,
    }),
    ratio: times(against, 'hashing') ?? '',
  });
  rmSync(directory, { recursive: true, force: true });
  return rows;
}

const row = (what: string, value: string, figures: Row['figures']): Row => ({
  bench: 'evidence',
  what,
  value,
  figures,
});

/** Chain hash and leaf hash of facts that are in memory already, a second. */
async function hashLimit(facts: AsyncIterable<RecordedFact>): Promise<number> {
  const texts: string[] = [];
  for await (const fact of facts) {
    texts.push(`${'0'.repeat(64)}${canonicalEnvelope(fact)}`);
    if (texts.length === HASHED) break;
  }
  const taken = await seconds(() => {
    for (const text of texts) {
      const chain = hash('sha256', text, 'hex');
      hash('sha256', `\0apledger.leaf/v1\nhost-1\n1\n${chain}\n`, 'buffer');
      hash('sha256', chain, 'buffer'); // one inner node for each leaf
    }
  });
  return texts.length / taken;
}
