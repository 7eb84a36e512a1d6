/** Facts by what they are about, in both orders. */

import { A, assignAdapter, assignDomain, B, create, register } from '@apledger/command-handler/testing';
import { openMemoryLog, type RecordedFact } from '@apledger/event-log';
import type { Command } from '@apledger/events';
import { describeRecorded } from '@apledger/projections/host';
import { beforeAll, describe, expect, it } from 'vitest';
import { LogLedger } from '../log-ledger.ts';

const start = (mdev: string, guest: string): Command => ({ type: 'StartGuest', mdev, guest });
const stop = (mdev: string): Command => ({ type: 'StopGuest', mdev });

/** Who did what on which host, a minute apart. */
const HISTORY: readonly (readonly [host: string, actor: string, command: Command])[] = [
  ['h1', 'anna', register('h1')],
  ['h2', 'anna', register('h2')],
  ['h1', 'anna', create(A)],
  ['h1', 'tom', assignAdapter(A, 5)],
  ['h1', 'tom', assignDomain(A, 4)],
  ['h1', 'anna', start(A, 'web')],
  ['h1', 'tom', assignAdapter(A, 6)],
  ['h2', 'tom', create(B)],
  ['h2', 'tom', start(B, 'db')],
  ['h1', 'mallory', start(A, 'evil')],
  ['h1', 'anna', stop(A)],
  ['h1', 'tom', { type: 'UnassignAdapter', mdev: A, text: '6' }],
  ['h1', 'anna', start(A, 'db')],
  ['h1', 'tom', assignAdapter(A, 255)],
];
const minute = (index: number): string => new Date(Date.UTC(2026, 10, 24, 9, index)).toISOString();

let ledger: LogLedger;
let all: readonly RecordedFact[];
let clock = 0;

beforeAll(async () => {
  ledger = new LogLedger({ log: openMemoryLog(), now: () => new Date(minute(clock)) });
  for (const [host, actor, command] of HISTORY) {
    await ledger.submit({ host, actor, command });
    clock += 1;
  }
  const facts: RecordedFact[] = [];
  for await (const fact of ledger.log.readAll()) facts.push(fact);
  all = facts;
});

type Asked = Parameters<typeof ledger.ask<'events'>>[1];
const ask = (asked: Asked) => ledger.ask('events', asked);
/** Who did what, without the rest. */
const found = async (asked: Asked): Promise<string[]> =>
  (await ask(asked)).events.map((fact) =>
    `${fact.host} ${fact.type}: ${describeRecorded(fact)}`.replaceAll(/, mdev .*/g, ''),
  );

describe('facts of a guest', () => {
  it('are those that name it, and those of the mdev while it had that open', async () => {
    const types = ['AdapterAssigned', 'AdapterUnassigned', 'GuestStarted', 'GuestStopped', 'CommandRejected'];
    expect(await found({ guest: 'web', types })).toEqual([
      'h1 GuestStarted: guest web',
      'h1 AdapterAssigned: adapter 06',
      expect.stringContaining('h1 CommandRejected: StartGuest: EBUSY'),
      'h1 GuestStopped: guest web',
    ]);
    expect(await found({ guest: 'db', types })).toEqual([
      'h2 GuestStarted: guest db',
      'h1 GuestStarted: guest db',
      expect.stringContaining('h1 CommandRejected: AssignAdapter'),
    ]);
  });

  it('are known also where a page begins in the middle', async () => {
    const whole = (await ask({ guest: 'web' })).events.map(({ position }) => position);
    for (const { position } of all) {
      const page = await ask({ guest: 'web', after: position });
      expect(page.events.map((fact) => fact.position)).toEqual(whole.filter((each) => each > position));
    }
  });
});

describe('facts of a queue', () => {
  it('are those that name it, and those by which an mdev or a guest got it or lost it', async () => {
    const facts = await found({ queue: '06.0004', host: 'h1' });
    expect(facts.map((fact) => fact.split(':')[0])).toEqual([
      'h1 QueueDetected',
      'h1 QueueBound',
      'h1 AdapterAssigned',
      'h1 GuestMatrixChanged',
      'h1 GuestStopped',
      'h1 QueueReset',
      'h1 AdapterUnassigned',
      'h1 GuestMatrixChanged',
      'h1 QueueReset',
    ]);
  });
});

describe('the other filters', () => {
  const cases: readonly (readonly [Asked, (fact: RecordedFact) => boolean])[] = [
    [{ actor: 'tom' }, ({ actor }) => actor === 'tom'],
    [{ actor: 'to' }, () => false],
    [{ mdev: B }, ({ data }) => JSON.stringify(data).includes(B)],
    [{ errno: 'EBUSY' }, ({ data }) => data.errno === 'EBUSY'],
    [{ text: 'MALLORY' }, ({ actor }) => actor === 'mallory'],
    [
      { text: 'guestSTARTED: guest WEB' },
      ({ data, type }) => type === 'GuestStarted' && data.guest === 'web',
    ],
    [{ since: minute(3) }, ({ occurredAt }) => occurredAt >= minute(3)],
    [{ until: minute(3) }, ({ occurredAt }) => occurredAt <= minute(3)],
    [{ since: '7', until: '9' }, ({ position }) => position >= 7 && position <= 9],
    [
      { since: minute(2), until: '2026-11-24 09:05', actor: 'tom' },
      ({ actor, occurredAt }) => actor === 'tom' && occurredAt >= minute(2) && occurredAt <= minute(5),
    ],
    [
      { host: 'h2', until: minute(7) },
      ({ stream, occurredAt }) => stream === 'host-h2' && occurredAt <= minute(7),
    ],
  ];

  it.each(cases)('%j', async (asked, isWanted) => {
    const wanted = all.filter(isWanted).map(({ position }) => position);
    expect((await ask(asked)).events.map(({ position }) => position)).toEqual(wanted);
    expect((await ask({ ...asked, order: 'newest' })).events.map(({ position }) => position)).toEqual(
      wanted.toReversed(),
    );
  });

  it.each(['oldest', 'newest'] as const)('hand on where they ended, the %s first', async (order) => {
    for (const asked of [{}, { host: 'h1' }, { guest: 'web' }, { actor: 'tom', since: minute(4) }]) {
      const whole = await ask({ ...asked, order, limit: 1000 });
      expect(whole.isEnd).toBe(true);
      const positions: number[] = [];
      for (let page = await ask({ ...asked, order, limit: 3 }); ; ) {
        positions.push(...page.events.map(({ position }) => position));
        if (page.isEnd) break;
        page = await ask({ ...asked, order, limit: 3, after: page.after });
      }
      expect(positions).toEqual(whole.events.map(({ position }) => position));
    }
  });

  it('refuse a span that ends before it begins, and moments that there are not', async () => {
    await expect(ask({ since: '9', until: '7' })).rejects.toThrow('9 lies after 7.');
    await expect(ask({ since: 'soon' })).rejects.toThrow('soon: not a time');
    await expect(ask({ until: '9999' })).rejects.toThrow('the log ends at position');
  });
});
