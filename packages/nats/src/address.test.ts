/** Addresses of servers: what they mean, and that no message ever repeats a password. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { natsServers, parseAddress } from './address.ts';

const caught = (address: string): unknown => {
  try {
    natsServers(address);
    return undefined;
  } catch (error) {
    return error;
  }
};

/** Words of a message, whatever the password is. */
const HARMLESS = `${caught('nats://a b@')} ${caught('no address: at all')} ${caught('nats://h/name')}`;

describe('an address', () => {
  it('names servers, who asks, and files', () => {
    expect(natsServers('localhost')).toEqual({ servers: ['nats://localhost'] });
    expect(natsServers('nats://t0ken@a:4222,[::1]:4223')).toEqual({
      servers: ['nats://a:4222', 'nats://[::1]:4223'],
      token: 't0ken',
    });
    expect(natsServers('nats://ledger@h:1?nkey=%2Fk')).toEqual({
      servers: ['nats://h:1'],
      user: 'ledger',
      nkeyFile: '/k',
    });
    expect(natsServers('tls://me:a%2Fb%40:c@h:1/?ca=%2Fc%2Fca.pem', { creds: 'x.creds' })).toEqual({
      servers: ['tls://h:1'],
      user: 'me',
      password: 'a/b@:c',
      credentialsFile: 'x.creds',
      tls: { caFile: '/c/ca.pem' },
    });
  });

  it('may name more, for those who know what', () => {
    const { name, parameters } = parseAddress('nats://h/prod%20a?replicas=3&key=k.pem');
    expect([name, [...parameters]]).toEqual(['prod a', [['replicas', '3']]]);
    expect(() => natsServers('nats://h/prod')).toThrow(TypeError);
  });

  it.each([
    'nats://me:100%sure@h',
    'nats://me:a/b@h',
    'nats://me:a@b@h',
    'nats://me:a?b@h',
    'nats://me:12/b@h',
    'nats://me:a#b@h:4222',
    'nats://to/ken@h',
    'nats://me:p@h/name?creds=a@b',
  ])('with a special character that is not encoded says how to: %s', (address) => {
    expect(() => natsServers(address)).toThrow(/percent-encode .*%40 for @/);
  });

  const passwords = fc.string({
    unit: fc.constantFrom(...'abcXYZ019%@/?#:&=+,; "\'\\[]{}äüß€~!$*|<>^`'),
    minLength: 4,
    maxLength: 12,
  });
  const shapes = [
    'nats://me:P@h:4222',
    'tls://me:P@h',
    'nats://P@h',
    'me:P@h',
    'nats://me:P@h:port',
    'nats://me:P@h,',
    'nats://me:P@h/name?x=1',
    'nats://me:P@',
  ];

  it('keeps a password that is encoded, and repeats none in a message', () => {
    const isHarmless = (part: string): boolean => part.length < 4 || HARMLESS.includes(part);
    fc.assert(
      fc.property(passwords, fc.constantFrom(...shapes), fc.boolean(), (password, shape, encoded) => {
        const given = encoded ? encodeURIComponent(password) : password;
        const address = shape.replace('P', () => given);
        const error = caught(address);
        if (error === undefined) {
          const { servers, ...login } = natsServers(address);
          if (encoded) expect(Object.values(login)).toContain(password);
          return;
        }
        expect(error).toBeInstanceOf(TypeError);
        const told = inspect(error).replace(/\n {4}at [\s\S]*/, '');
        for (const part of [password, given, ...given.split('@')])
          if (!isHarmless(part)) expect(told).not.toContain(part);
      }),
      { numRuns: 1000 },
    );
  });
});
