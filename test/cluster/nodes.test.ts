/**
 * A cluster of three that loses its nodes, one after the other and the leader too, by `kill -9`, while hosts are
 * written and read. What was acknowledged is there once; what was not is there whole or not at all; a subscriber
 * gets every fact once and in order.
 */

import { randomUUID } from 'node:crypto';
import {
  type Commit,
  type EventLog,
  LogError,
  openJetStreamLog,
  type RecordedFact,
} from '@apledger/event-log';
import { all, commit, fact, verified } from '@apledger/event-log/contract/support';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, describe, expect, test } from 'vitest';
import { sized } from '../support/long.ts';
import {
  type NatsProgram,
  type NatsServer,
  natsProgram,
  newestNats,
  startNatsCluster,
} from '../support/nats.ts';

const STREAMS = 6;
/** Appended between two deaths. */
const COMMITS_BETWEEN = sized(50, 150);
/** How many of the deaths there are: of the leader, of a node that may be no leader, and so on. */
const DEATHS = sized(2, 5);
const MINUTES = 60_000;
/** A replica that has not caught up by then, while nothing is written, is started again. */
const UNHEALTHY_MS = 20_000;

let servers: readonly NatsServer[] = [];
const logs: EventLog[] = [];
afterEach(async () => {
  await Promise.all(logs.splice(0).map((log) => log.close()));
  await Promise.all(servers.map((server) => server.dispose()));
});

async function open(timeoutMs: number): Promise<EventLog> {
  const log = await openJetStreamLog({
    servers: servers.map((server) => server.url),
    replicas: 3,
    timeoutMs,
  });
  logs.push(log);
  return log;
}

/** What writers did: which commands were acknowledged and at which position, and which were given up. */
interface Deeds {
  readonly acknowledged: Map<string, number>;
  readonly givenUp: Set<string>;
  /** Resolves when so many are acknowledged. */
  reached(count: number): Promise<void>;
}

/** Lets writers wait: a replica that has to catch up does not while they write as fast as they can. */
class Gate {
  #closed: PromiseWithResolvers<void> | undefined;

  /** Resolves when it is open. */
  async passed(): Promise<void> {
    await this.#closed?.promise;
  }

  /** Closed for the length of `work`. */
  async closedFor<T>(work: () => Promise<T>): Promise<T> {
    this.#closed = Promise.withResolvers();
    try {
      return await work();
    } finally {
      this.#closed.resolve();
      this.#closed = undefined;
    }
  }
}

/** Writes to a stream until told to stop. Every other command that fails is tried again until it is acknowledged. */
async function write(
  log: EventLog,
  stream: string,
  deeds: Deeds,
  gate: Gate,
  isOver: () => boolean,
): Promise<void> {
  let isStubborn = true;
  while (!isOver()) {
    await gate.passed();
    const given: Commit = { ...commit(stream, 'any', [fact(0), fact(1), fact(2)]), commandId: randomUUID() };
    isStubborn = !isStubborn;
    for (;;) {
      try {
        deeds.acknowledged.set(given.commandId, (await log.append(given)).lastPosition);
        break;
      } catch (error) {
        if (!(error instanceof LogError) || error.code !== 'unreachable') throw error;
        if (isStubborn) continue;
        deeds.givenUp.add(given.commandId);
        break;
      }
    }
  }
}

function newDeeds(): Deeds {
  const watchers = new Set<() => void>();
  class Told extends Map<string, number> {
    override set(key: string, value: number): this {
      super.set(key, value);
      for (const watcher of watchers) watcher();
      return this;
    }
  }
  const acknowledged = new Told();
  return {
    acknowledged,
    givenUp: new Set(),
    reached: (count) =>
      new Promise((resolve) => {
        const watcher = (): void => {
          if (acknowledged.size < count) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        watcher();
      }),
  };
}

/** Name of the stream's leader, once there is one and the other two have everything that it has. */
async function healthyLeader(): Promise<string> {
  const nc = await connect({ servers: servers.map((server) => server.url) });
  let deadline = performance.now() + UNHEALTHY_MS;
  try {
    for (let round = 0; ; ) {
      const cluster = await clusterOf(nc);
      const others = cluster?.replicas ?? [];
      const lagging = others.filter((replica) => !replica.current || replica.offline === true);
      if (cluster?.leader !== undefined && others.length === 2 && lagging.length === 0) return cluster.leader;
      if (performance.now() < deadline) continue;
      // What an operator would do: a replica of an old server may never catch up by itself.
      const stuck = servers[Number(lagging[0]?.name.slice(1) ?? round++ % servers.length)];
      await stuck?.kill();
      await stuck?.start();
      deadline = performance.now() + UNHEALTHY_MS;
    }
  } finally {
    await nc.close();
  }
}

/** What the stream's servers say of each other; undefined while there is no leader to answer. */
async function clusterOf(nc: NatsConnection) {
  try {
    const manager = await jetstreamManager(nc);
    return (await manager.streams.info('apledger-log')).cluster;
  } catch {
    return undefined;
  }
}

/** Subscribes to everything. `upTo` resolves with what was received when the fact at the position was, which may be the case already. */
function subscribe(log: EventLog) {
  const received: RecordedFact[] = [];
  const ended = new AbortController();
  let last = Number.POSITIVE_INFINITY;
  const endIfReached = (): void => {
    if ((received.at(-1)?.position ?? 0) >= last) ended.abort();
  };
  const receiving = (async () => {
    for await (const delivery of log.subscribe({ after: 0, signal: ended.signal })) {
      if ('fact' in delivery) received.push(delivery.fact);
      endIfReached();
    }
  })();
  return {
    async upTo(position: number): Promise<readonly RecordedFact[]> {
      last = position;
      endIfReached();
      await receiving;
      return received;
    },
  };
}

function describeOn(program: NatsProgram): void {
  const isMissing = 'missing' in program;
  const title = isMissing ? program.missing : `nats-server ${program.version}`;

  describe.skipIf(isMissing)(`three servers that are killed in turn, ${title}`, () => {
    test(
      'lose nothing that was acknowledged, and show every fact once and in order',
      async () => {
        servers = await startNatsCluster(program);
        const patient = await open(2 * MINUTES);
        const impatient = await open(1500);
        const subscribed = subscribe(patient);
        const deeds = newDeeds();
        let isOver = false;
        const gate = new Gate();
        const writers = Array.from({ length: STREAMS }, (_, n) =>
          write(n % 2 === 0 ? impatient : patient, `host-${n}`, deeds, gate, () => isOver),
        );
        for (const victim of ['leader', 'n0', 'n1', 'n2', 'leader'].slice(0, DEATHS)) {
          await deeds.reached(deeds.acknowledged.size + COMMITS_BETWEEN);
          const leader = await gate.closedFor(healthyLeader);
          const name = victim === 'leader' ? leader : victim;
          const server = servers[Number(name.slice(1))];
          await deeds.reached(deeds.acknowledged.size + COMMITS_BETWEEN); // in the middle of writing
          await server?.kill();
          await deeds.reached(deeds.acknowledged.size + COMMITS_BETWEEN); // two of three carry on
          await server?.start();
        }
        isOver = true;
        await Promise.all(writers);
        const final = await patient.append(commit('host-final', 'none'));
        const facts = await all(patient.readAll());
        expect(await subscribed.upTo(final.lastPosition)).toEqual(facts);
        const commands = Map.groupBy(
          facts.filter((recorded) => recorded.stream !== 'host-final'),
          (recorded) => recorded.cause,
        );
        for (const [commandId, position] of deeds.acknowledged) {
          expect(commands.get(commandId)?.at(-1)?.position, commandId).toBe(position);
        }
        for (const [commandId, found] of commands) {
          expect(found, commandId).toHaveLength(3);
          const isKnown = deeds.acknowledged.has(commandId) || deeds.givenUp.has(commandId);
          expect(isKnown, commandId).toBe(true);
        }
        expect(await verified(patient)).toMatchObject({ facts: facts.length, problems: [] });
      },
      20 * MINUTES,
    );
  });
}

describeOn(natsProgram());
describeOn(newestNats());
