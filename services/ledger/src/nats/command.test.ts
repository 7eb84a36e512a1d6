/** Commands as they come over the wire: receipts, refusals, and all that is no command. */

import { A, assignAdapter, create, register } from '@apledger/command-handler/testing';
import { openMemoryLog } from '@apledger/event-log';
import { MAX_REQUEST_BYTES } from '@apledger/ledger';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endpoints } from './endpoints.ts';
import { type Scene, scene } from './test-support.ts';

const ID = '11111111-2222-4333-8444-555555555555';

async function registered(options: Parameters<typeof scene>[0] = {}): Promise<Scene> {
  const made = await scene(options);
  await made.reply('command.lpar1', register('lpar1'));
  await made.reply('command.lpar1', create(A));
  return made;
}

const length = async ({ log }: Scene): Promise<number> => log.lastPosition();

describe('a command', () => {
  it('is answered by its receipt', async () => {
    const { reply } = await registered();
    const receipt = await reply('command.lpar1', assignAdapter(A, 5), {
      headers: { 'apledger-command-id': ID },
    });
    expect(receipt).toMatchObject({ host: 'lpar1', commandId: ID, isDuplicate: false, isBlocked: false });
    expect(receipt.facts).toMatchObject([{ type: 'AdapterAssigned', data: { mdev: A } }, {}]);
    expect(receipt).not.toHaveProperty('refusal');
  });

  it.each(['apledger-command-id', 'nats-msg-id'])(
    'is carried out once under the id in %s',
    async (header) => {
      const { reply, ask, log } = await registered();
      const asking = { headers: { [header]: ID.toUpperCase().replace('11111111', 'AAAAAAAA') } };
      const first = await reply('command.lpar1', assignAdapter(A, 5), asking);
      const before = await log.lastPosition();
      expect(await ask('command.lpar1', assignAdapter(A, 5), asking)).toEqual({
        reply: { ...first, isDuplicate: true },
      });
      expect(await log.lastPosition()).toBe(before);
    },
  );

  it('that is refused is answered by the refusal, which is recorded', async () => {
    const { reply, ask } = await registered();
    const before = await reply('query.hosts');
    const receipt = await reply('command.lpar1', assignAdapter(A, 77));
    expect(receipt).toMatchObject({
      refusal: {
        errno: 'ENODEV',
        explanation: expect.any(String),
        conflicts: [],
        remedy: expect.any(String),
      },
      facts: [{ type: 'CommandRejected' }],
    });
    expect(await ask('query.hosts')).not.toEqual({ reply: before });
  });

  it('is written into the log with who gave it and what it belongs to', async () => {
    const { reply } = await registered();
    const headers = { 'apledger-actor': 'anna', 'apledger-correlation': 'change 4711' };
    const { revision } = await reply('command.lpar1', assignAdapter(A, 5), { headers });
    const { events } = await reply('query.events.lpar1');
    const [last] = (events as Record<string, unknown>[]).filter((event) => event.revision === revision);
    expect(last).toMatchObject({ actor: 'anna', correlation: 'change 4711' });
  });

  it('of nobody is that of anonymous', async () => {
    const { reply } = await registered();
    expect((await reply('query.events', { limit: 1 })).events).toMatchObject([{ actor: 'anonymous' }]);
  });
});

describe('a command for a revision', () => {
  it('is carried out there, and is a conflict anywhere else', async () => {
    const made = await registered();
    const { revision } = await made.reply('command.lpar1', assignAdapter(A, 5));
    const asking = { headers: { 'apledger-expected-revision': String(revision) } };
    const done = await made.reply('command.lpar1', assignAdapter(A, 6), asking);
    const before = await length(made);
    expect(await made.ask('command.lpar1', assignAdapter(A, 4), asking)).toMatchObject({
      status: 409,
      error: { code: 'wrong-revision', expected: revision, actual: done.revision },
    });
    expect(await length(made)).toBe(before);
  });

  it('none registers a host, unless it is there', async () => {
    const { ask } = await registered();
    const asking = { headers: { 'apledger-expected-revision': 'none' } };
    expect(await ask('command.lpar2', register('lpar2'), asking)).toHaveProperty('reply');
    expect(await ask('command.lpar1', register('lpar1'), asking)).toMatchObject({
      status: 409,
      error: { expected: 'none', actual: expect.any(Number) },
    });
  });
});

describe('what is no command', () => {
  const valid = JSON.stringify(create('cccccccc-0000-4000-8000-000000000003'));
  const headers = (name: string, value: string) => ({ headers: { [name]: value } });
  it.each([
    ['nothing', 'lpar1', '', {}, 400, 'not-json'],
    ['no JSON', 'lpar1', '{"type":', {}, 400, 'not-json'],
    ['no UTF-8', 'lpar1', new Uint8Array([0x22, 0xff, 0x22]), {}, 400, 'not-json'],
    ['a list', 'lpar1', '[]', {}, 400, 'invalid-command'],
    ['null', 'lpar1', 'null', {}, 400, 'invalid-command'],
    ['a number', 'lpar1', '1e999', {}, 400, 'invalid-command'],
    ['no type', 'lpar1', '{}', {}, 400, 'invalid-command'],
    ['an unknown type', 'lpar1', '{"type":"Reboot"}', {}, 400, 'invalid-command'],
    ['an inherited type', 'lpar1', '{"type":"constructor"}', {}, 400, 'invalid-command'],
    ['a missing property', 'lpar1', '{"type":"CreateMdev"}', {}, 400, 'invalid-command'],
    ['a wrong type', 'lpar1', '{"type":"CreateMdev","text":5}', {}, 400, 'invalid-command'],
    ['an unknown property', 'lpar1', '{"type":"ScanBus","force":true}', {}, 400, 'invalid-command'],
    ['a prototype', 'lpar1', '{"type":"ScanBus","__proto__":{}}', {}, 400, 'invalid-command'],
    ['depth', 'lpar1', '['.repeat(60_000) + ']'.repeat(60_000), {}, 400, 'invalid-command'],
    ['size', 'lpar1', 'x'.repeat(MAX_REQUEST_BYTES + 1), {}, 413, 'request-too-large'],
    ['another host`s registration', 'lpar3', JSON.stringify(register('lpar1')), {}, 400, 'invalid-command'],
    ['an unknown host', 'lpar9', valid, {}, 404, 'unknown-host'],
    ['no name of a host', 'lp$ar', valid, {}, 400, 'invalid-host'],
    ['a long name', 'x'.repeat(64), valid, {}, 400, 'invalid-host'],
    ['an id that is none', 'lpar1', valid, headers('apledger-command-id', '7'), 400, 'invalid-header'],
    ['an empty id', 'lpar1', valid, headers('nats-msg-id', ''), 400, 'invalid-header'],
    ['an empty actor', 'lpar1', valid, headers('apledger-actor', ' '), 400, 'invalid-header'],
    ['a long actor', 'lpar1', valid, headers('apledger-actor', 'x'.repeat(257)), 400, 'invalid-header'],
    ['an actor with a tab', 'lpar1', valid, headers('apledger-actor', 'a\tb'), 400, 'invalid-header'],
    ['an actor turned round', 'lpar1', valid, headers('apledger-actor', 'a\u202eb'), 400, 'invalid-header'],
    ['half a pair', 'lpar1', '{"type":"CreateMdev","text":"\\ud800"}', {}, 400, 'invalid-command'],
    [
      'a revision that is none',
      'lpar1',
      valid,
      headers('apledger-expected-revision', '-1'),
      400,
      'invalid-header',
    ],
    ['a misspelt header', 'lpar1', valid, headers('apledger-expected-revison', '1'), 400, 'invalid-header'],
  ])('%s is an error, and changes nothing', async (_, host, body, asking, status, code) => {
    const made = await registered();
    const before = await length(made);
    const answer = await made.ask(`command.${host}`, body, asking);
    expect(answer).toMatchObject({ status, error: { code, message: expect.stringMatching(/\w/) } });
    expect(await length(made)).toBe(before);
  });

  it('names what is wrong, place by place', async () => {
    const { ask } = await registered();
    expect(await ask('command.lpar1', { type: 'AssignAdapter', mdev: 'x', force: 1 })).toMatchObject({
      error: { problems: expect.arrayContaining(['value: text missing', 'value: unknown property force']) },
    });
  });

  it('is never a crash, whatever the bytes are', async () => {
    const made = await registered();
    const before = await length(made);
    const subjects = endpoints.map(({ group, subject }) => `${group}.${subject.replace('*', 'lpar1')}`);
    const known = new Set([200, 400, 404, 413]);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...subjects),
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        async (subject, body) => {
          const answer = await made.ask(subject, body);
          expect(known).toContain('status' in answer ? answer.status : 200);
        },
      ),
      { numRuns: 500 },
    );
    expect(await length(made)).toBe(before);
  });
});

describe('a log that cannot take it', () => {
  it('is an error with the reason, and with the same id it is done later', async () => {
    const { ask, log } = await registered();
    await log.close();
    expect(await ask('command.lpar1', create(A))).toMatchObject({
      status: 503,
      error: { code: 'log-closed' },
    });
    expect(await ask('query.hosts')).toMatchObject({ status: 503, error: { code: 'log-closed' } });
  });
});

describe('who gave a command, where the broker says it', () => {
  const INFO = 'nats-request-info';
  const trusting = () => registeredBy({ [INFO]: '{"acc":"OPS","user":"root"}' });
  async function registeredBy(headers: Record<string, string>): Promise<Scene> {
    const made = await scene({ log: openMemoryLog(), trustsRequestInfo: true });
    await made.reply('command.lpar1', register('lpar1'), { headers });
    return made;
  }
  const actorOf = async (headers: Record<string, string>): Promise<unknown> => {
    const { reply } = await trusting();
    const { revision } = await reply('command.lpar1', create(A), { headers });
    const { events } = await reply('query.events.lpar1');
    return (events as Record<string, unknown>[]).find((event) => event.revision === revision)?.actor;
  };

  it('is its account and user, and what the client says', async () => {
    expect(await actorOf({ [INFO]: '{"acc":"OPS","user":"anna","rtt":1}' })).toBe('OPS/anna');
    expect(await actorOf({ [INFO]: '{"acc":"OPS","user":"anna"}', 'apledger-actor': 'bob' })).toBe(
      'OPS/anna: bob',
    );
    expect(await actorOf({ [INFO]: '{"acc":"DEV"}' })).toBe('DEV');
  });

  it.each([{}, { [INFO]: '' }, { [INFO]: 'x' }, { [INFO]: '{"acc":7}' }, { [INFO]: 'null' }])(
    'is needed: %o is turned away',
    async (headers) => {
      const made = await trusting();
      const before = await length(made);
      expect(await made.ask('command.lpar1', create(A), { headers })).toMatchObject({
        status: 403,
        error: { code: 'no-identity' },
      });
      expect(await length(made)).toBe(before);
    },
  );

  it('is not believed where clients can write it', async () => {
    const { reply } = await registered();
    await reply('command.lpar1', assignAdapter(A, 5), { headers: { [INFO]: '{"acc":"OPS","user":"root"}' } });
    const { events } = await reply('query.events.lpar1');
    expect(new Set((events as Record<string, unknown>[]).map(({ actor }) => actor))).toEqual(
      new Set(['anonymous']),
    );
  });
});
