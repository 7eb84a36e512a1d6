/**
 * Durable appends: one fact of ordinary size each, `synchronous = FULL`, acknowledged after the disk has it.
 *
 * The yardstick is what the same SQLite does at most: a narrower row (no hash chain, no command id, no packed form), its JSON made
 * beforehand, on one connection with the same pragmas. Many writers are held against raw batches, which is what group commit amounts to.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type EventLog, type NewFact, openSqliteLog } from '@apledger/event-log';
import { type Bench, type Context, sized } from './context.ts';
import { ordinaryFacts } from './history.ts';
import { type Contender, median, type Rounds, ratio, seconds, takeRounds } from './measure.ts';
import { type Emmett, type EmmettStore, openEmmett } from './peers.ts';
import { aim, type Row, range, short, times } from './table.ts';

const ROUNDS = 7;
const WRITERS = 64;
/** Appends a round; Emmett makes fewer, since it takes longer for each. */
const ALONE = 3000;
const TOGETHER = 300 * WRITERS;
const EMMETT = 12 * WRITERS;
/** As our own log sets it: fewer checkpoints help the raw rows no less. */
const CHECKPOINT_PAGES = 4096;

const APLEDGER = 'apledger';
const ORDERED = 'apledger, command ids in order';
const RAW = 'raw rows';
const BATCHES = 'raw batches';
const PEER = 'Emmett';

export const append: Bench = async (context) => {
  const facts = ordinaryFacts(1000);
  const emmett = await context.emmett();
  const peer = (writers: number): Contender[] =>
    'reason' in emmett
      ? []
      : [
          {
            name: PEER,
            perSecond: () => emmettAppends(context, emmett, facts, writers, sized(context, EMMETT)),
          },
        ];
  const alone = sized(context, ALONE);
  const together = sized(context, TOGETHER);
  const one = await takeRounds(
    ROUNDS,
    [
      { name: APLEDGER, perSecond: () => appends(context, facts, 1, alone) },
      { name: RAW, perSecond: () => rawRows(context, facts, 1, alone) },
      ...peer(1),
    ],
    'append, 1 writer',
  );
  const many = await takeRounds(
    ROUNDS,
    [
      { name: APLEDGER, perSecond: () => appends(context, facts, WRITERS, together) },
      { name: ORDERED, perSecond: () => appends(context, facts, WRITERS, together, uuidsInOrder()) },
      { name: BATCHES, perSecond: () => rawRows(context, facts, WRITERS, together) },
      ...peer(WRITERS),
    ],
    `append, ${WRITERS} writers`,
  );
  const oneToRaw = ratio(one, APLEDGER, RAW);
  const manyToRaw = ratio(many, APLEDGER, BATCHES);
  return [
    row(
      one,
      APLEDGER,
      '1 writer',
      oneToRaw,
      'raw',
      aim('>= 0.8 x raw', oneToRaw, (value) => value >= 0.8),
    ),
    row(one, RAW, '1 writer'),
    row(one, PEER, '1 writer', ratio(one, APLEDGER, PEER)),
    row(
      many,
      APLEDGER,
      `${WRITERS} writers`,
      manyToRaw,
      'raw',
      aim('>= 0.5 x raw', manyToRaw, (value) => value >= 0.5),
    ),
    row(many, ORDERED, `${WRITERS} writers`, ratio(many, ORDERED, BATCHES), 'raw'),
    row(many, BATCHES, `${WRITERS} rows a transaction`),
    row(many, PEER, `${WRITERS} writers, one queue`, ratio(many, APLEDGER, PEER)),
  ].flatMap((line) => line ?? []);
};

/** For a peer the ratio is ours to it. */
function row(
  rounds: Rounds,
  name: string,
  how: string,
  against?: number,
  to?: string,
  aimed: Pick<Row, 'aim'> = {},
): Row | undefined {
  const values = rounds.get(name);
  if (values === undefined) return undefined;
  const middle = median(values);
  const text = to === undefined ? times(against, 'as fast is apledger') : times(against, to);
  return {
    bench: 'append',
    what: `${name}, ${how}`,
    value: `${short(middle)}/s`,
    spread: range(values),
    ...(text === undefined ? {} : { ratio: text }),
    ...aimed,
    figures: { perSecond: middle, ...(against === undefined ? {} : { ratio: against }) },
  };
}

async function appends(
  context: Context,
  facts: readonly NewFact[],
  writers: number,
  count: number,
  newId: () => string = () => crypto.randomUUID(),
): Promise<number> {
  return inFolder(context, async (directory) => {
    const log = await openSqliteLog({ directory, synchronous: 'FULL' });
    const taken = await seconds(() => appendsTo(log, facts, writers, count, 1, newId));
    await log.close();
    return (Math.ceil(count / writers) * writers) / taken;
  });
}

/** Each writer has a stream of its own and one append under way at any time, of `commit` facts. */
export async function appendsTo(
  log: EventLog,
  facts: readonly NewFact[],
  writers: number,
  count: number,
  commit = 1,
  newId: () => string = () => crypto.randomUUID(),
): Promise<void> {
  const each = Math.ceil(count / writers);
  const write = async (writer: number): Promise<void> => {
    for (let revision = 0; revision < each; revision += commit) {
      const at = writer + revision * writers;
      const chosen = Array.from(
        { length: Math.min(commit, each - revision) },
        (_, i) => facts[(at + i) % facts.length],
      );
      const commandId = newId();
      await log.append({
        stream: `host-${writer}`,
        expected: revision === 0 ? 'none' : revision - 1,
        commandId,
        actor: 'uid=0(root)',
        correlation: commandId,
        facts: chosen.flatMap((fact) => fact ?? []),
      });
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, n) => write(n)));
}

/** UUIDs that sort as they were made, like version 7: the log's index of commands then grows at one end only. */
function uuidsInOrder(): () => string {
  let made = 0;
  return () => {
    const count = (made++).toString(16).padStart(12, '0');
    return `${count.slice(0, 8)}-${count.slice(8)}-7${crypto.randomUUID().slice(15)}`;
  };
}

/** Plain rows, `batch` of them a transaction. */
async function rawRows(
  context: Context,
  facts: readonly NewFact[],
  batch: number,
  count: number,
): Promise<number> {
  const rows = facts.map(({ type, data }) => ({ type, data: JSON.stringify(data) }));
  return inFolder(context, async (directory) => {
    const db = new DatabaseSync(join(directory, 'raw.sqlite'));
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      CREATE TABLE events (position INTEGER PRIMARY KEY, stream TEXT NOT NULL, revision INTEGER NOT NULL,
        type TEXT NOT NULL, data TEXT NOT NULL, UNIQUE (stream, revision)) STRICT`);
    const insert = db.prepare('INSERT INTO events (stream, revision, type, data) VALUES (?, ?, ?, ?)');
    const batches = Math.ceil(count / batch);
    const taken = await seconds(() => {
      for (let n = 0; n < batches; n++) {
        if (batch > 1) db.exec('BEGIN IMMEDIATE');
        insertBatch(insert, rows, n, batch);
        if (batch > 1) db.exec('COMMIT');
      }
    });
    db.close();
    return (batches * batch) / taken;
  });
}

function insertBatch(
  insert: StatementSync,
  rows: readonly { readonly type: string; readonly data: string }[],
  revision: number,
  batch: number,
): void {
  for (let stream = 0; stream < batch; stream++) {
    const row = rows[(stream + revision * batch) % rows.length];
    if (row !== undefined) insert.run(`host-${stream}`, revision, row.type, row.data);
  }
}

/**
 * With several writers their appends wait in one queue. Emmett's own way, a connection for each call, ends in SQLITE_BUSY with 64; and on
 * one connection without a queue it acknowledges appends before the transaction that they share has been committed.
 */
async function emmettAppends(
  context: Context,
  emmett: Emmett,
  facts: readonly NewFact[],
  writers: number,
  count: number,
): Promise<number> {
  return inFolder(context, async (directory) => {
    const { store, close } = await openEmmett(emmett, join(directory, 'emmett.sqlite'), 'FULL');
    const enqueue = queueOf(store);
    const each = Math.ceil(count / writers);
    const write = async (writer: number): Promise<void> => {
      for (let revision = 0; revision < each; revision++) {
        const fact = facts[(writer + revision * writers) % facts.length];
        if (fact !== undefined) await enqueue(`host-${writer}`, fact, revision);
      }
    };
    const taken = await seconds(() => Promise.all(Array.from({ length: writers }, (_, n) => write(n))));
    close();
    return (each * writers) / taken;
  });
}

function queueOf(store: EmmettStore): (stream: string, fact: NewFact, version: number) => Promise<unknown> {
  let last: Promise<unknown> = Promise.resolve();
  return (stream, { type, data }, version) => {
    last = last.then(() =>
      store.appendToStream(stream, [{ type, data }], { expectedStreamVersion: BigInt(version) }),
    );
    return last;
  };
}

async function inFolder<T>({ scratch }: Context, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(scratch, 'append-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
