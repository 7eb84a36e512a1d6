/** A process that begins to decide, measured: run by `runAlone`, never imported. */
import { join } from 'node:path';
import { CommandHandler } from '@apledger/command-handler';
import { decide } from '@apledger/driver';
import { openSqliteLog } from '@apledger/event-log';
import { whatIf } from '@apledger/ledger';
import { openReadModel, openSqliteStore } from '@apledger/projections';
import type { History } from './history.ts';
import { quantile, seconds, serve } from './measure.ts';
import type { Latencies } from './reading.ts';
import { randomFrom } from './walk.ts';

interface First extends History {
  readonly withSnapshots: boolean;
}

const storeOf = (directory: string) => openSqliteStore(join(directory, 'read-model.sqlite'));

/** Lets the read model be as a service leaves it when it ends; seconds of folding the stream for it. */
async function prepare({ directory, hosts: [host = ''] }: History): Promise<number> {
  const log = await openSqliteLog({ directory, readOnly: true });
  const taken = await seconds(() => new CommandHandler(log).state(host));
  const readModel = await openReadModel({ log, store: storeOf(directory) });
  await readModel.catchUp();
  readModel.close();
  await log.close();
  return taken;
}

/** From opening the log to the first decision: seconds. Nothing is appended, so that every round finds the same log. */
async function first({ directory, hosts: [host = ''], withSnapshots }: First): Promise<number> {
  return seconds(async () => {
    const log = await openSqliteLog({ directory, readOnly: true });
    const states = withSnapshots ? await openReadModel({ log, store: storeOf(directory) }) : undefined;
    const handler = new CommandHandler(log, states === undefined ? {} : { states });
    const state = await handler.state(host);
    if (state === undefined) throw new Error('there is no host');
    decide(state, { type: 'ScanBus' });
    states?.close();
    await log.close();
  });
}

interface Questions extends History {
  readonly count: number;
  readonly seed: number;
}

/** What if the host took an adapter back, at random positions: milliseconds an answer, matrices before and after included. */
async function ask({ directory, facts, hosts: [host = ''], count, seed }: Questions): Promise<Latencies> {
  const random = randomFrom(seed);
  const log = await openSqliteLog({ directory, readOnly: true });
  const readModel = await openReadModel({ log, store: storeOf(directory) });
  const handler = new CommandHandler(log, { states: readModel });
  const latencies: number[] = [];
  for (let n = 0; n < count; n++) {
    const moment = { position: 1 + Math.floor(random() * facts) };
    const steps = ['echo +8 > /sys/bus/ap/apmask', 'echo -15 > /sys/bus/ap/apmask', 'scan'];
    const taken = await seconds(() => whatIf({ handler, readModel, host, steps, moment }));
    latencies.push(taken * 1000);
  }
  readModel.close();
  await log.close();
  return { p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) };
}

await serve({ prepare, first, ask });
