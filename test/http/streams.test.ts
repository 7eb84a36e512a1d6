/** The stream of facts across processes: restarts, clients that are slow, gone, or thousands. */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { RecordedFact } from '@apledger/api';
import { type EventLog, openSqliteLog } from '@apledger/event-log';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { A, all, create, register } from '../ledger/support.ts';
import { scratch } from '../support/file.ts';
import { sized } from '../support/long.ts';
import { freePorts } from '../support/nats.ts';
import { follow, give, type HttpService, insist, startService } from './support.ts';

const HOST = 'lpar1';
const MANY = sized(300, 2000);

let directory: string;
let running: HttpService[] = [];
const start = async (...args: string[]): Promise<HttpService> => {
  const service = await startService('--data', directory, ...args);
  running.push(service);
  return service;
};
beforeEach(() => {
  directory = scratch();
});
const endAll = async (): Promise<void> => {
  for (const { process } of running) process.signal('SIGKILL');
  await Promise.all(running.map(({ process }) => process.ended()));
  running = [];
};
afterEach(endAll);
afterAll(endAll);

const positions = (facts: readonly RecordedFact[]): number[] => facts.map(({ position }) => position);
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

/** Appends what is large, past the service. */
async function appendLarge(log: EventLog, commits: number): Promise<number> {
  const queues = Array.from({ length: 4000 }, () => '05.0004');
  let last = 0;
  for (let commit = 0; commit < commits; commit++) {
    const { lastPosition } = await log.append({
      stream: `host-${HOST}`,
      expected: 'any',
      commandId: crypto.randomUUID(),
      actor: 'test',
      correlation: 'test',
      facts: [
        {
          type: 'QueueRemoved',
          version: 1,
          occurredAt: new Date().toISOString(),
          data: { queues },
          packed: new Uint8Array(),
        },
      ],
    });
    last = lastPosition;
  }
  return last;
}

/** A client by hand: it counts the facts that come, can stop reading, and goes on where it was when it is cut off. */
class Reader {
  readonly #port: number;
  readonly #after: number;
  #socket: Socket;
  #text = '';
  #last = 0;
  #facts = 0;
  #isOver = false;
  readonly #waiting = new Set<() => void>();

  constructor(port: number, after: number) {
    this.#port = port;
    this.#after = after;
    this.#socket = this.#connected();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Goes away without a word. */
  end(): void {
    this.#isOver = true;
    this.#socket.resetAndDestroy();
  }

  /** Resolves when the service ends the stream. */
  async ended(): Promise<void> {
    this.#isOver = true;
    await once(this.#socket, 'end');
  }

  get facts(): number {
    return this.#facts;
  }

  /** Resolves when the message of this position, a fact or the end of history, has come. */
  async reached(position: number): Promise<void> {
    while (this.#last < position)
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
  }

  /** The service cuts off who takes nothing for a minute, which a busy machine may well need for a test. */
  #connected(): Socket {
    const socket = connect(this.#port, '127.0.0.1');
    socket.setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk));
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#text = '';
      if (!this.#isOver) this.#socket = this.#connected();
    });
    const after = Math.max(this.#after, this.#last);
    socket.write(`GET /api/v1/events/stream?after=${after} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return socket;
  }

  #take(chunk: string): void {
    this.#text += chunk;
    const end = this.#text.lastIndexOf('\n\n');
    if (end < 0) return;
    for (const [, id = '', event] of this.#text.slice(0, end).matchAll(/id: (\d+)\nevent: (\S+)/g)) {
      if (event === 'fact') this.#facts += 1;
      this.#last = Math.max(this.#last, Number(id));
    }
    this.#text = this.#text.slice(end + 2);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

const metric = async ({ server }: HttpService, name: string): Promise<number> => {
  const text = await (await fetch(`${server}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
};
const residentMb = ({ process }: HttpService): number =>
  Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${process.pid}/status`, 'utf8'))?.[1]) / 1024;

describe('the stream of facts', () => {
  it('goes on after a restart where it was, without gap or duplicate', async () => {
    const [port = 0] = await freePorts(1);
    const first = await start('--port', String(port));
    await give(first.api, HOST, register(HOST));
    const seen = follow(first.server, { after: 0, count: 60 });
    let current = first;
    const commands = (async () => {
      for (let n = 0; n < 60; n++) {
        await insist(() => [current.api], HOST, { type: 'ScanBus' });
        if (n !== 20 && n !== 40) continue;
        current.process.signal(n === 20 ? 'SIGKILL' : 'SIGTERM');
        await current.process.ended();
        current = await start('--port', String(port));
      }
    })();
    expect(positions(await seen)).toEqual(upTo(60));
    await commands;
  });

  it('of one instance brings what another has done', async () => {
    const [one, other] = [await start(), await start()];
    await give(one.api, HOST, register(HOST));
    const seen = follow(other.server, { after: 0, count: 8 });
    await give(one.api, HOST, create(A));
    for (let n = 0; n < 4; n++) await give(one.api, HOST, { type: 'ScanBus' });
    const log = await openSqliteLog({ directory, readOnly: true });
    const recorded = (await all(log.readAll())).slice(0, 8).map((fact) => ({ ...fact, host: HOST }));
    await log.close();
    expect(await seen).toEqual(recorded);
  });

  it('waits for a client that does not read, without memory for it, and without a delay for others', async () => {
    const service = await start();
    await give(service.api, HOST, register(HOST));
    const log = await openSqliteLog({ directory });
    const from = await log.lastPosition();
    const slow = Array.from({ length: 40 }, () => new Reader(service.port, from));
    const fast = new Reader(service.port, from);
    await Promise.all([...slow, fast].map((reader) => reader.reached(from)));
    for (const reader of slow) reader.pause();
    const before = residentMb(service);
    // 44 kB each: 13 MB for everybody, and half a gigabyte if it was kept for each. What lies between is
    // for the garbage that the runtime has not collected yet, which no test may depend on.
    const last = await appendLarge(log, 300);
    await fast.reached(last);
    expect(fast.facts).toBe(300);
    expect(residentMb(service) - before).toBeLessThan(300);
    for (const reader of slow) reader.resume();
    await Promise.all(slow.map((reader) => reader.reached(last)));
    expect(slow.map(({ facts }) => facts)).toEqual(slow.map(() => 300));
    for (const reader of [...slow, fast]) reader.end();
    await log.close();
  });

  it('serves thousands, and forgets those that are gone', async () => {
    const service = await start();
    await give(service.api, HOST, register(HOST));
    const log = await openSqliteLog({ directory, readOnly: true });
    const from = await log.lastPosition();
    const clients = Array.from({ length: MANY }, () => new Reader(service.port, from));
    await Promise.all(clients.map((client) => client.reached(from)));
    expect(await metric(service, 'apledger_streams')).toBe(MANY);
    const half = clients.slice(MANY / 2);
    for (const client of half) client.end();
    await give(service.api, HOST, create(A));
    const last = await log.lastPosition();
    await Promise.all(clients.slice(0, MANY / 2).map((client) => client.reached(last)));
    while ((await metric(service, 'apledger_streams')) > MANY / 2) await metric(service, 'apledger_streams');
    for (const client of clients) client.end();
    while ((await metric(service, 'apledger_streams')) > 0) await metric(service, 'apledger_streams');
    await log.close();
  });

  it('ends with the service, which waits for no client', async () => {
    const service = await start();
    await give(service.api, HOST, register(HOST));
    const client = new Reader(service.port, 0);
    await client.reached(1);
    const ended = client.ended();
    service.process.signal('SIGTERM');
    await ended;
    expect(await service.process.ended()).toBe(0);
  });
});
