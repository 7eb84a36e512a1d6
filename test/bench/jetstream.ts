/**
 * The log in JetStream, one server (R1) and three (R3), against the NATS client's own calls on the same servers in the same round: publishing
 * a body of the same size under an expected sequence, and reading messages with the library's ordered consumer.
 *
 * Rebuild is the whole of it: read, decode and fold all three matrices.
 */
import { type EventLog, type NewFact, openJetStreamLog } from '@apledger/event-log';
import { memoryStore, openReadModel } from '@apledger/projections';
import { type JetStreamClient, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { natsProgram, startNats, startNatsCluster } from '../support/nats.ts';
import { type Bench, type Context, sized } from './context.ts';
import { ordinaryFacts } from './history.ts';
import { median, progress, type Rounds, ratio, seconds, takeRounds } from './measure.ts';
import { type Row, range, short, times } from './table.ts';

const ROUNDS = 3;
const WRITERS = 64;
const ALONE = 1000;
const TOGETHER = 150 * WRITERS;
/** Of a raw message: what an ordinary commit of one fact takes in the log. */
const BODY_BYTES = 620;

export const jetStream: Bench = async (context) => {
  const program = natsProgram();
  if ('missing' in program) {
    progress(program.missing);
    return [];
  }
  const rows: Row[] = [];
  for (const replicas of [1, 3] as const) {
    const servers = replicas === 1 ? [await startNats({ program })] : await startNatsCluster(program);
    try {
      rows.push(
        ...(await compared(
          context,
          servers.map(({ url }) => url),
          replicas,
        )),
      );
    } finally {
      await Promise.all(servers.map((server) => server.dispose()));
    }
  }
  return rows;
};

async function compared(context: Context, servers: readonly string[], replicas: 1 | 3): Promise<Row[]> {
  const log = await openJetStreamLog({ servers: [...servers], name: 'bench', replicas });
  const connection = await connect({ servers: [...servers] });
  try {
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'RAW', subjects: ['raw.*'], num_replicas: replicas });
    const client = manager.jetstream();
    const facts = ordinaryFacts(1000);
    const label = `R${replicas}`;
    const of = async (writers: number, count: number, how: string): Promise<Row[]> => {
      const rounds = await takeRounds(
        ROUNDS,
        [
          { name: 'apledger', perSecond: () => appends(log, facts, writers, count) },
          { name: 'raw publish', perSecond: () => publishes(client, writers, count) },
        ],
        `jetstream, ${label}, ${how}`,
      );
      return rowsOf(rounds, `${label} append, ${how}`);
    };
    const one = await of(1, sized(context, ALONE), '1 writer');
    const many = await of(WRITERS, sized(context, TOGETHER), `${WRITERS} writers`);
    const stream = `bench-log`;
    const total = (await manager.streams.info(stream)).state.messages;
    const rebuilds = await takeRounds(
      ROUNDS,
      [
        { name: 'apledger', perSecond: async () => total / (await seconds(() => rebuild(log))) },
        {
          name: 'ordered consumer',
          perSecond: async () => total / (await seconds(() => read(client, stream, total))),
        },
      ],
      `jetstream, ${label}, rebuild`,
    );
    return [...one, ...many, ...rowsOf(rebuilds, `${label} rebuild`)];
  } finally {
    await connection.close();
    await log.close();
  }
}

let streams = 0;

/** Each writer has a stream of its own and one append under way at any time. */
async function appends(
  log: EventLog,
  facts: readonly NewFact[],
  writers: number,
  count: number,
): Promise<number> {
  const each = Math.ceil(count / writers);
  const write = async (stream: string): Promise<void> => {
    for (let revision = 0; revision < each; revision++) {
      const fact = facts[revision % facts.length];
      if (fact === undefined) continue;
      const commandId = crypto.randomUUID();
      const expected = revision === 0 ? 'none' : revision - 1;
      await log.append({
        stream,
        expected,
        commandId,
        actor: 'bench',
        correlation: commandId,
        facts: [fact],
      });
    }
  };
  const taken = await seconds(() =>
    Promise.all(Array.from({ length: writers }, () => write(`host-${streams++}`))),
  );
  return (each * writers) / taken;
}

async function publishes(client: JetStreamClient, writers: number, count: number): Promise<number> {
  const each = Math.ceil(count / writers);
  const body = new Uint8Array(BODY_BYTES);
  const write = async (subject: string): Promise<void> => {
    let lastSubjectSequence = 0;
    for (let n = 0; n < each; n++) {
      const ack = await client.publish(subject, body, {
        msgID: `${subject}.${n}`,
        expect: { lastSubjectSequence },
      });
      lastSubjectSequence = ack.seq;
    }
  };
  const taken = await seconds(() =>
    Promise.all(Array.from({ length: writers }, () => write(`raw.${streams++}`))),
  );
  return (each * writers) / taken;
}

async function rebuild(log: EventLog): Promise<void> {
  const readModel = await openReadModel({ log, store: memoryStore() });
  await readModel.rebuild();
  readModel.close();
}

async function read(client: JetStreamClient, stream: string, total: number): Promise<void> {
  const consumer = await client.consumers.get(stream);
  const messages = await consumer.consume({ max_messages: 2048 });
  let seen = 0;
  for await (const _ of messages) if (++seen === total) break;
}

function rowsOf<Name extends string>(rounds: Rounds<'apledger' | Name>, what: string): Row[] {
  return [...rounds].map(([name, values]) => {
    const against =
      name === 'apledger' ? [...rounds.keys()].find((other) => other !== 'apledger') : undefined;
    const share = against === undefined ? undefined : ratio(rounds, 'apledger', against);
    const text = times(share, `${against}`);
    return {
      bench: 'jetstream',
      what: `${name}, ${what}`,
      value: `${short(median(values))}/s`,
      spread: range(values),
      ...(text === undefined ? {} : { ratio: text }),
      figures: { perSecond: median(values), ...(share === undefined ? {} : { ratio: share }) },
    };
  });
}
