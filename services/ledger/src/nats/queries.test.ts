/** Questions over the wire: now, as of a position, as of a time; pages; and all that is no question. */

import { readFileSync } from 'node:fs';
import { A, assignAdapter, assignDomain, B, create, register } from '@apledger/command-handler/testing';
import { answeredOperations } from '@apledger/ledger';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { endpoints } from './endpoints.ts';
import { type Scene, scene } from './test-support.ts';

type Event = { position: number; revision: number; stream: string; type: string };

/** Two hosts; on lpar1 an mdev that guest1 has open since 10:00. */
async function history(): Promise<Scene & { readonly before: number }> {
  const made = await scene();
  for (const host of ['lpar1', 'lpar2']) await made.reply(`command.${host}`, register(host));
  for (const command of [create(A), create(B), assignAdapter(A, 5), assignDomain(A, 4)])
    await made.reply('command.lpar1', command);
  const before = await made.log.lastPosition();
  made.now = new Date('2026-03-01T10:00:00.000Z');
  await made.reply('command.lpar1', { type: 'StartGuest', mdev: A, guest: 'guest1' });
  return Object.assign(made, { before });
}

describe('a host', () => {
  it('is shown as it is now', async () => {
    const { reply } = await history();
    expect(await reply('query.host.lpar1')).toMatchObject({
      host: 'lpar1',
      driver: '7.3',
      adapters: [4, 5, 6],
      mdevs: [{ mdev: A, guest: 'guest1', effective: { adapters: [5], domains: [4] } }, { mdev: B }],
    });
  });

  it('is shown as it was at a position and at a time', async () => {
    const { reply, before } = await history();
    const then = await reply('query.host.lpar1', { position: before });
    expect(then).toMatchObject({ position: before, mdevs: [{ mdev: A, guest: null }, { mdev: B }] });
    expect(then.asOf).toEqual({ position: before });
    const asOf = { time: '2026-03-01T09:59:59.999Z' };
    const same = { ...then, asOf };
    expect(await reply('query.host.lpar1', { time: '2026-03-01T10:59:59.999+01:00' })).toEqual(same);
    expect(await reply('query.host.lpar1', { time: '2026-03-01 09:59:59.999' })).toEqual(same);
    const later = await reply('query.host.lpar1', { time: '2026-03-01T11:00:00+01:00' });
    expect({ ...later, asOf }).not.toEqual(same);
  });
});

describe('an mdev and a guest', () => {
  it('are shown with what they have', async () => {
    const { reply } = await history();
    const { host, revision, position, occurredAt, mdevs } = await reply('query.host.lpar1');
    const [shown] = mdevs as object[];
    const fact = { host, revision, position, occurredAt };
    expect(await reply('query.mdev.lpar1', { mdev: A })).toEqual({ ...fact, ...shown });
    expect(await reply('query.guest.lpar1', { guest: 'guest1' })).toEqual({
      ...fact,
      guest: 'guest1',
      mdevs: [shown],
    });
  });

  it('are unknown where they were not yet', async () => {
    const { ask, before } = await history();
    expect(await ask('query.guest.lpar1', { guest: 'guest1', position: before })).toMatchObject({
      status: 404,
      error: { code: 'unknown-guest', message: expect.stringContaining(`at position ${before}`) },
    });
    expect(await ask('query.mdev.lpar2', { mdev: A })).toMatchObject({
      status: 404,
      error: { code: 'unknown-mdev' },
    });
  });
});

describe('the hosts', () => {
  it('are listed with their heads, page by page', async () => {
    const { reply, log } = await history();
    const heads = (await log.heads()).map(({ stream, ...head }) => ({ host: stream.slice(5), ...head }));
    const position = await log.lastPosition();
    expect(await reply('query.hosts')).toEqual({ hosts: heads, next: null, position, asOf: { position } });
    expect(await reply('query.hosts', { limit: 1 })).toEqual({
      hosts: heads.slice(0, 1),
      next: 'lpar1',
      position,
      asOf: { position },
    });
    expect(await reply('query.hosts', { limit: 1, after: 'lpar1' })).toEqual({
      hosts: heads.slice(1),
      next: null,
      position,
      asOf: { position },
    });
  });

  it('are listed as they were', async () => {
    const { reply, before } = await history();
    expect((await reply('query.hosts', { position: 0 })).hosts).toEqual([]);
    expect((await reply('query.hosts', { position: 1 })).hosts).toMatchObject([
      { host: 'lpar1', revision: 0 },
    ]);
    expect((await reply('query.hosts', { time: '2026-03-01T09:30:00Z' })).hosts).toMatchObject([
      { host: 'lpar1', position: before },
      { host: 'lpar2' },
    ]);
  });

  it('are none in an empty ledger', async () => {
    const { reply } = await scene();
    expect(await reply('query.hosts')).toEqual({
      hosts: [],
      next: null,
      position: 0,
      asOf: { position: 0 },
    });
  });
});

describe('the events', () => {
  async function pages({ reply }: Scene, subject: string, request: object): Promise<Event[][]> {
    const found: Event[][] = [];
    for (let after = 0; ; ) {
      const page = await reply(subject, { ...request, after });
      found.push(page.events as Event[]);
      if (page.isEnd) return found;
      after = page.after as number;
    }
  }

  it('come in pages that together are the log', async () => {
    const made = await history();
    const found = await pages(made, 'query.events', { limit: 7 });
    expect(found.slice(0, -1).every((page) => page.length === 7)).toBe(true);
    const all = [];
    for await (const fact of made.log.readAll()) all.push(fact);
    expect(found.flat()).toEqual(JSON.parse(JSON.stringify(all)));
  });

  it('of a host are its stream', async () => {
    const made = await history();
    const found = (await pages(made, 'query.events.lpar2', { limit: 2 })).flat();
    expect(found.map(({ revision }) => revision)).toEqual(found.map((_, i) => i));
    expect(new Set(found.map(({ stream }) => stream))).toEqual(new Set(['host-lpar2']));
  });

  it('of a type are those of the type', async () => {
    const made = await history();
    const found = (await pages(made, 'query.events', { types: ['MdevCreated'], limit: 1 })).flat();
    expect(found.map(({ type }) => type)).toEqual(['MdevCreated', 'MdevCreated']);
  });

  it('come so many at a time as one message holds', async () => {
    const { reply, log } = await history();
    const maxReplyBytes = 4096;
    let after = 0;
    let count = 0;
    for (let isEnd = false; !isEnd; ) {
      const page = await reply('query.events', { after }, { maxReplyBytes });
      expect(JSON.stringify(page).length).toBeLessThanOrEqual(maxReplyBytes);
      count += (page.events as Event[]).length;
      after = page.after as number;
      isEnd = page.isEnd as boolean;
    }
    expect(count).toBe(await log.lastPosition());
  });

  it('that are larger than a message are named, so that a reader can go on', async () => {
    const { ask } = await history();
    expect(await ask('query.events', {}, { maxReplyBytes: 600 })).toMatchObject({
      status: 413,
      error: { code: 'reply-too-large', message: expect.stringContaining('position 1 ') },
    });
  });
});

describe('heads that were noted', () => {
  it('are still there, changed or gone', async () => {
    const { reply } = await history();
    const { hosts } = await reply('query.hosts');
    const heads = (hosts as { host: string; revision: number; hash: string }[]).map(
      ({ host, revision, hash }) => ({
        host,
        revision,
        hash,
      }),
    );
    expect(await reply('query.verify', { heads })).toEqual({ checked: 2, problems: [] });
    const [first] = heads;
    const wrong = [
      { ...first, hash: '0'.repeat(64) },
      { ...first, revision: 4000 },
      { ...first, host: 'lpar9' },
    ];
    expect(await reply('query.verify', { heads: wrong })).toMatchObject({
      checked: 3,
      problems: [{ problem: expect.stringContaining('hash') }, { revision: 4000 }, { host: 'lpar9' }],
    });
  });
});

describe('what is no question', () => {
  const future = { time: '2026-03-01T10:00:00.001Z' };
  it.each([
    ['host.lpar9', {}, 404, 'unknown-host'],
    ['events.lpar9', {}, 404, 'unknown-host'],
    ['host.lpar1', { position: 0 }, 404, 'unknown-host'],
    ['host.lp ar', {}, 400, 'invalid-host'],
    ['host.lpar1', future, 400, 'no-such-moment'],
    ['hosts', future, 400, 'no-such-moment'],
    ['host.lpar1', { position: 9999 }, 400, 'no-such-moment'],
    ['events', { after: 9999 }, 400, 'no-such-moment'],
    ['events.lpar1', { after: 9999 }, 400, 'no-such-moment'],
    ['host.lpar1', { position: 1, time: '2026-03-01T09:00:00Z' }, 400, 'no-such-moment'],
    ['host.lpar1', { time: '2026-13-01T09:00:00Z' }, 400, 'no-such-moment'],
    ['host.lpar1', { time: 'noon' }, 400, 'no-such-moment'],
    ['host.lpar1', { time: '2025-03-30 02:30 Europe/Berlin' }, 400, 'no-such-moment'],
    ['host.lpar1', { time: '' }, 400, 'invalid-request'],
    ['host.lpar1', { position: -1 }, 400, 'invalid-request'],
    ['host.lpar1', { position: 1.5 }, 400, 'invalid-request'],
    ['host.lpar1', { position: '1' }, 400, 'invalid-request'],
    ['host.lpar1', { at: 1 }, 400, 'invalid-request'],
    ['host.lpar1', [], 400, 'invalid-request'],
    ['mdev.lpar1', {}, 400, 'invalid-request'],
    ['mdev.lpar1', { mdev: A.toUpperCase() }, 400, 'invalid-request'],
    ['guest.lpar1', { guest: '' }, 400, 'invalid-request'],
    ['events', { limit: 0 }, 400, 'invalid-request'],
    ['events', { limit: 1001 }, 400, 'invalid-request'],
    ['events', { types: ['Reboot'] }, 400, 'invalid-request'],
    ['verify', {}, 400, 'invalid-request'],
    ['verify', { heads: [{ host: 'lpar1', revision: 1, hash: 'x' }] }, 400, 'invalid-request'],
    ['hosts', 'x', 400, 'not-json'],
  ])('%s %o is an error', async (subject, request, status, code) => {
    const { ask } = await history();
    expect(await ask(`query.${subject}`, request)).toMatchObject({
      status,
      error: { code, message: expect.stringMatching(/\w/) },
    });
  });

  it('names what is wrong, once', async () => {
    const { ask } = await history();
    expect(await ask('query.host.lpar1', { at: 1, position: -1 })).toMatchObject({
      error: { problems: ['value: unknown property at', 'position: must be 0 or more'] },
    });
  });
});

describe('what NATS is asked', () => {
  it('is every question that HTTP is asked, with its fields in one place', () => {
    const overHttp = answeredOperations.filter(
      ({ http, isQuestion }) => http?.method === 'GET' || isQuestion,
    );
    const names = new Set(endpoints.map(({ name }) => name));
    for (const { name } of overHttp) expect(names).toContain(name);
    const document = readFileSync(new URL('../../../../docs/nats-service.md', import.meta.url), 'utf8');
    for (const { subject } of endpoints.filter(({ group }) => group === 'query'))
      expect(document).toContain(`\`${subject.replace('*', '<host>')}\``);
  });

  it('of a host with dots in its name, is encoded as in the subjects of facts', async () => {
    const { reply, ask } = await scene();
    const host = 'lpar1.bank.example';
    const subject = 'lpar1%2Ebank%2Eexample';
    expect(await reply(`command.${subject}`, register(host))).toMatchObject({ host, isDuplicate: false });
    expect(await reply(`query.host.${subject}`)).toMatchObject({ host });
    expect(await reply(`query.queues.${subject}`, { adapter: 5 })).toMatchObject({ host });
    expect(await ask('query.host.lpar1%2ebank%2eexample')).toMatchObject({ status: 400 });
  });

  it('has one form of a report; the others are pieces of text', async () => {
    const { ask, reply } = await history();
    expect(await reply('query.report', { format: 'json', guest: 'guest1' })).toMatchObject({
      hosts: [{ host: 'lpar1', runs: [{ guest: 'guest1' }] }],
    });
    expect(await ask('query.report', { format: 'html' })).toMatchObject({
      status: 400,
      error: { message: 'A report in the format html comes over HTTP only.' },
    });
  });
});

describe('the published schemas', () => {
  it('fit into one answer to discovery, with room to spare', () => {
    expect(JSON.stringify(endpoints.map(({ metadata }) => metadata)).length).toBeLessThan(700_000);
  });

  it('are what the replies follow', async () => {
    const { reply } = await history();
    const requests: Record<string, [string, unknown]> = {
      command: ['command.lpar1', assignAdapter(B, 77)],
      hosts: ['query.hosts', {}],
      host: ['query.host.lpar1', {}],
      mdev: ['query.mdev.lpar1', { mdev: A }],
      guest: ['query.guest.lpar1', { guest: 'guest1' }],
      mdevs: ['query.mdevs.lpar1', {}],
      guests: ['query.guests.lpar1', {}],
      queues: ['query.queues.lpar1', { adapter: 5 }],
      diff: ['query.diff.lpar1', { from: '0' }],
      'what-if': ['query.what-if.lpar1', { steps: ['guest stop guest1'] }],
      custody: ['query.custody.lpar1', { apqn: '05.0004', limit: 2 }],
      'guest-history': ['query.guest-history.lpar1', { guest: 'guest1' }],
      chain: ['query.chain.lpar1', {}],
      exposures: ['query.exposures.lpar1', {}],
      report: ['query.report', { host: 'lpar1' }],
      event: ['query.event', { position: 1 }],
      events: ['query.events', { limit: 3 }],
      'host-events': ['query.events.lpar1', { limit: 3 }],
      verify: ['query.verify', { heads: [{ host: 'lpar1', revision: 0, hash: '0'.repeat(64) }] }],
      recompute: ['query.recompute', {}],
      'who-am-i': ['query.who-am-i', {}],
      'who-can': ['query.who-can', { verb: 'read' }],
      bindings: ['query.bindings', {}],
      credentials: ['query.credentials', {}],
      glasses: ['query.glasses', {}],
      changes: ['query.changes', {}],
      evidence: ['query.evidence', {}],
      'desired-schema': ['query.schemas.desired-host', {}],
      'rehearse-upgrade': ['query.upgrade.lpar1', { driver: '6.12' }],
    };
    // They take a change that was proposed, a log that is sealed, or a file.
    const known = endpoints.filter(
      ({ group, name }) =>
        (group === 'query' || group === 'command') && !/^(?:change|proof|plan)$/.test(name),
    );
    expect(Object.keys(requests).toSorted()).toEqual(known.map(({ name }) => name).toSorted());
    for (const { name, metadata } of known) {
      const [subject, request] = requests[name] ?? ['', {}];
      const schema = (key: string) => Compile(JSON.parse(metadata[key] ?? 'false'));
      expect(schema('request_schema').Check(request), name).toBe(true);
      expect(schema('reply_schema').Errors(await reply(subject, request)), name).toEqual([]);
    }
  });
});
