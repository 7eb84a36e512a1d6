/** Connection strings, right and wrong; and that no error about one holds a password. */

import { inspect } from 'node:util';
import { redacted } from '@apledger/text';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressOf, targetOf } from './address.ts';

const RUNS = 300;

/** Passwords that cannot be there by chance. */
const password = fc
  .string({
    unit: fc.oneof(
      fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
      fc.constantFrom('%', '@', '/', ':', '?', '#', 'ü', 'ß', '%2F', '%zz'),
    ),
    maxLength: 12,
  })
  .map((text) => `Se${text}cret${text}`);

const schemes = fc.constantFrom('kurrentdb', 'kurrentdb+discover', 'esdb', 'esdb+discover');
/** What follows the password: hosts and options, right and wrong. */
const ends = fc.constantFrom(
  '@host:2113?tls=false',
  '@host:port',
  '@host:99999',
  '@h1,h2:x?tls=maybe',
  '@?tls=x',
  '@host:2113?tlsCAFile=/nowhere/ca.pem',
  '@host?nodePreference=follower',
  '@host?keepAliveInterval=often',
  '@host?tlsVerifyCert=false&unknownOption=1',
  '@',
);

/** Everything by which an error could tell. */
function told(error: unknown): string {
  const own = error instanceof Error ? [error.message, error.stack ?? ''] : [];
  return [...own, String(error), inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error)].join(
    '\n',
  );
}

const SECRET = /Se[\s\S]*?cret/;

describe('a password', () => {
  test('is in no error about a connection string, raw or encoded, whatever else is wrong', () => {
    fc.assert(
      fc.property(schemes, password, fc.boolean(), ends, (scheme, secret, isEncoded, end) => {
        const text = `${scheme}://admin:${isEncoded ? encodeURIComponent(secret) : secret}${end}`;
        expect(redacted(text)).not.toMatch(SECRET);
        try {
          const { place, user } = addressOf(text);
          expect(place).not.toMatch(SECRET);
          if (isEncoded) expect(user).toEqual({ name: 'admin', password: secret });
        } catch (error) {
          expect(error).toMatchObject({ name: 'LogError', code: 'io' });
          expect(told(error)).not.toMatch(SECRET);
        }
      }),
      { numRuns: RUNS },
    );
  });

  test('encoded, arrives as it is; raw, it is taken as it is or refused with the reason', () => {
    fc.assert(
      fc.property(password, (secret) => {
        const string = (text: string): string => `kurrentdb://admin:${text}@host:2113`;
        expect(addressOf(string(encodeURIComponent(secret))).user?.password).toBe(secret);
        if (!/[/?#@:%]/.test(secret)) expect(addressOf(string(secret)).user?.password).toBe(secret);
        else if (/[/?#@:]/.test(secret)) expect(() => addressOf(string(secret))).toThrow(/percent-encode/);
      }),
      { numRuns: RUNS },
    );
  });
});

test('a target is a host and a port, also of an address of IPv6', () => {
  const targets = ['a.b', '10.0.0.1', '[::1]', '::1'].map((host) => targetOf({ host, port: 7 }));
  expect(targets).toEqual(['a.b:7', '10.0.0.1:7', '[::1]:7', '[::1]:7']);
});

describe('a connection string', () => {
  test('names hosts, with or without ports, and what is wrong with it', () => {
    expect(addressOf('esdb://a.b,c:5,[::1]:7?tls=false')).toMatchObject({
      hosts: [
        { host: 'a.b', port: 2113 },
        { host: 'c', port: 5 },
        { host: '[::1]', port: 7 },
      ],
      discovers: true,
      tls: false,
      place: 'esdb://a.b,c:5,[::1]:7',
    });
    expect(addressOf('kurrentdb+discover://host/').discovers).toBe(true);
    expect(addressOf('kurrentdb://host').discovers).toBe(false);
    const wrong = [
      ['http://host', /begins with kurrentdb/],
      ['kurrentdb://admin@host', /without a password/],
      ['kurrentdb://admin:a:b@host', /raw colon.*percent-encode/],
      ['kurrentdb://admin:100%sure@host', /raw %.*percent-encode/],
      ['kurrentdb://host:0', /host is a name/],
      ['kurrentdb://host?tls', /name=value/],
      ['kurrentdb://host?nodePreference=follower', /nodePreference is leader/],
      ['kurrentdb://host?tlsCAFile=/nowhere/ca.pem', /tlsCAFile names a file that cannot be read/],
    ] as const;
    for (const [text, message] of wrong) expect(() => addressOf(text)).toThrow(message);
  });
});
