/** A fact survives its way over the wire, whatever is in it; what is no fact is told apart, with the reason. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeValue,
  encodeValue,
  type FactMessage,
  factMessage,
  MalformedMessage,
  parseFactMessage,
  type RecordedEnvelope,
} from './cloud-event.ts';
import { notPublishedMessage } from './dead-letters.ts';
import { parseSubject } from './subjects.ts';

const ID = '22222222-2222-5222-8222-222222222222';
const fact: RecordedEnvelope = {
  id: ID,
  stream: 'host-zlp1',
  revision: 3,
  position: 17,
  type: 'AdapterAssigned',
  version: 1,
  occurredAt: '2026-11-17T08:14:00.000Z',
  recordedAt: '2026-11-17T08:14:00.123Z',
  actor: 'anna@zlp1 console',
  cause: '33333333-3333-4333-8333-333333333333',
  correlation: 'change 4711',
  data: { mdev: '11111111-1111-4111-8111-111111111111', adapters: [5] },
  hash: 'ab'.repeat(32),
};

function messageOf(given: RecordedEnvelope, guest?: string): FactMessage {
  const message = factMessage(given, guest);
  if (message === undefined) throw new Error('no message');
  return message;
}

const text = fc.string({ unit: 'binary' }).map((value) => value.toWellFormed());
const name = fc.string({ unit: 'grapheme', minLength: 1 });
const auth = fc.record(
  { method: name, issuer: name, subject: name, session: name },
  { requiredKeys: ['method', 'subject'] },
);
const required = {
  id: fc.uuid(),
  stream: fc.oneof(
    name.map((host) => `host-${host}`),
    name.filter((stream) => !stream.startsWith('host-')),
  ),
  revision: fc.nat(),
  position: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  type: fc.string({ unit: 'grapheme', minLength: 1 }),
  version: fc.integer({ min: 1, max: 999_999_999 }),
  occurredAt: fc.constant(fact.occurredAt),
  recordedAt: fc.constant(fact.recordedAt),
  actor: text,
  cause: fc.uuid(),
  correlation: text,
  data: fc.dictionary(fc.string(), fc.oneof(fc.integer(), text, fc.boolean(), fc.constant(null))),
  hash: fc.constant(fact.hash),
};
const envelope: fc.Arbitrary<RecordedEnvelope> = fc.record(
  {
    ...required,
    auth,
    claimed: name,
    clock: fc.constant(fact.recordedAt),
    command: fc.record({ type: name, digest: name }),
    jump: fc.nat(),
  },
  { requiredKeys: Object.keys(required) as (keyof typeof required)[] },
);

describe('the message of a fact', () => {
  it('is a CloudEvent in binary mode', () => {
    expect(messageOf(fact, 'web')).toEqual({
      subject: 'apledger.v1.host.zlp1.mdev.11111111-1111-4111-8111-111111111111.web.AdapterAssigned',
      headers: {
        'ce-specversion': '1.0',
        'ce-id': ID,
        'ce-source': 'urn:apledger:host:zlp1',
        'ce-type': 'apledger.AdapterAssigned.v1',
        'ce-subject': 'mdev/11111111-1111-4111-8111-111111111111',
        'ce-time': fact.occurredAt,
        'ce-dataschema': 'urn:apledger:fact:AdapterAssigned:1',
        'ce-datacontenttype': 'application/json',
        'ce-recordedtime': fact.recordedAt,
        'ce-position': '17',
        'ce-revision': '3',
        'ce-hash': fact.hash,
        'ce-causationid': fact.cause,
        'ce-actor': 'anna@zlp1%20console',
        'ce-correlationid': 'change%204711',
      },
      body: '{"mdev":"11111111-1111-4111-8111-111111111111","adapters":[5]}',
    });
  });

  it('is read back to the fact, whatever is in it', () => {
    fc.assert(
      fc.property(envelope, fc.option(fc.string({ minLength: 1 }), { nil: undefined }), (given, guest) => {
        const message = messageOf(given, guest);
        for (const value of Object.values(message.headers)) expect(value).toMatch(/^[!#-~]+$/);
        expect(parseFactMessage(message)).toEqual(given);
      }),
    );
  });

  it('is read with its headers in any case, and with others beside them', () => {
    const message = messageOf(fact);
    const headers = Object.fromEntries(
      Object.entries(message.headers).map(([name, value]) => [name.toUpperCase(), value]),
    );
    const more = { ...headers, 'Nats-Msg-Id': ID, 'ce-traceparent': '00-1-2-00' };
    expect(parseFactMessage({ ...message, headers: more })).toEqual(fact);
  });

  it('is there for a type from the future too', () => {
    const future = {
      ...fact,
      type: 'MdevPainted',
      version: 7,
      data: { mdev: fact.data.mdev ?? '', colour: 1 },
    };
    const message = messageOf(future);
    expect(message.subject).toMatch(/mdev\.1.*\.-\.MdevPainted$/);
    expect(parseFactMessage(message)).toEqual(future);
  });

  it('is on a subject of its own for a fact about the ledger', () => {
    const about = { ...fact, stream: 'change-4711.a', type: 'ClockJumped' };
    const message = messageOf(about);
    expect(message.subject).toBe('apledger.v1.ledger.change-4711%2Ea.ClockJumped');
    expect(message.headers['ce-source']).toBe('urn:apledger:ledger:change-4711.a');
    expect(message.headers).not.toHaveProperty('ce-subject');
    expect(parseFactMessage(message)).toEqual(about);
    const elsewhere = { ...message, subject: 'apledger.v1.ledger.access.ClockJumped' };
    expect(() => parseFactMessage(elsewhere)).toThrow(
      'ce-source: change-4711.a, but the subject says access',
    );
  });

  it('is not there for a stream without a name', () => {
    expect(factMessage({ ...fact, stream: 'host-' }, undefined)).toBeUndefined();
    expect(factMessage({ ...fact, stream: '' }, undefined)).toBeUndefined();
  });
});

describe('a message that is no fact', () => {
  const good = messageOf(fact);
  const without = (name: string): FactMessage => {
    const { [name]: _, ...headers } = good.headers;
    return { ...good, headers };
  };
  const having = (name: string, value: string): FactMessage => ({
    ...good,
    headers: { ...good.headers, [name]: value },
  });

  it.each([
    ['without headers', { ...good, headers: {} }, /ce-specversion.* missing/],
    ['without a position', without('ce-position'), /ce-position missing/],
    ['of another version of CloudEvents', having('ce-specversion', '2.0'), /must be "1.0"/],
    ['whose position is no number', having('ce-position', '-3'), /^ce-position/],
    ['whose time is no time', having('ce-time', 'yesterday'), /^ce-time/],
    ['whose type is not ours', having('ce-type', 'com.example.X'), /^ce-type/],
    [
      'of another type than its subject',
      having('ce-type', 'apledger.MdevCreated.v1'),
      /ce-type: MdevCreated, but/,
    ],
    [
      'of another host than its subject',
      having('ce-source', 'urn:apledger:host:zlp2'),
      /ce-source: host-zlp2, but/,
    ],
    ['with broken UTF-8', having('ce-actor', '%C0%A0'), /malformed/i],
    ['whose body is no JSON', { ...good, body: '{' }, /JSON/],
    ['whose body is no object', { ...good, body: '[1]' }, /must be a JSON object/],
    ['on another subject', { ...good, subject: 'apledger.v1.host.zlp1.x' }, /subject: not one of a fact/],
  ])('%s: the reason is told', (_what, message, told) => {
    const read = () => parseFactMessage(message);
    expect(read).toThrow(MalformedMessage);
    let problems: readonly string[] = [];
    try {
      read();
    } catch (error) {
      if (error instanceof MalformedMessage) problems = error.problems;
    }
    expect(problems.join('\n')).toMatch(told);
  });
});

describe('a header value', () => {
  it('is escaped as the binding says', () => {
    expect(encodeValue('Euro € 😀')).toBe('Euro%20%E2%82%AC%20%F0%9F%98%80');
    expect(decodeValue('Euro%20%e2%82%AC%20%F0%9F%98%80')).toBe('Euro € 😀');
    expect(encodeValue('a\r\nNats-Msg-Id: x "%"')).toBe('a%0D%0ANats-Msg-Id:%20x%20%22%25%22');
  });
});

describe('the letter about a fact that could not be published', () => {
  it('is small whatever the fact is like, and has its position', () => {
    const huge = {
      ...fact,
      type: 'x'.repeat(9999),
      actor: 'y'.repeat(9999),
      stream: `host-${'z'.repeat(9999)}`,
    };
    const { subject, headers, body } = notPublishedMessage(huge, 'too large');
    expect(subject).toBe('apledger.v1.dead.fact.-');
    expect(parseSubject(subject)).toBeUndefined();
    expect(headers).toMatchObject({ 'ce-id': ID, 'ce-position': '17', 'ce-hash': fact.hash });
    expect(JSON.parse(body)).toMatchObject({ reason: 'too large', position: 17, revision: 3 });
    expect(JSON.stringify([headers, body]).length).toBeLessThan(2000);
  });
});
