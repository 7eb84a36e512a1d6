/** Signing in on the command line, and four eyes between two terminals. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { main } from '@apledger/cli';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { scratch } from '../support/file.ts';
import { type Bank, confirmDevice, openBank } from './support.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await openBank();
  await bank.bind('olga', 'operator', '*');
  await bank.bind('amir', 'approver', '*');
  await bank.bind('ida', 'auditor', '*');
});
afterAll(() => bank.close());
afterEach(() => {
  delete process.env.APLEDGER_SESSIONS;
});

const terminals = new Map<string, string>();

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** A command of a person, each with a home directory of his own. */
async function as(person: string, ...args: string[]): Promise<Ended> {
  const home = terminals.get(person) ?? scratch();
  terminals.set(person, home);
  process.env.APLEDGER_SESSIONS = join(home, 'sessions.json');
  let out = '';
  let err = '';
  const output = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
      const url = /Open (\S+) in a browser/.exec(text)?.[1];
      if (url !== undefined) void confirmDevice(url, person);
    },
    isInteractive: false,
  };
  const status = await main([...args, '--server', bank.url], output as never);
  return { status, out, err };
}

describe('apledger login', () => {
  it('keeps a session that nobody else can read, and whoami says whose it is', async () => {
    expect((await as('olga', 'whoami')).status).toBe(2);
    expect(await as('olga', 'login')).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^Signed in at .* until 20/),
    });
    expect(statSync(process.env.APLEDGER_SESSIONS ?? '').mode & 0o777).toBe(0o600);
    expect((await as('olga', 'whoami')).out).toBe(
      `${bank.issuer}#olga (olga), by oidc, until ${(await session('olga')).until}\n  operator on *\n  four eyes on prod*: grants\n`,
    );
  });

  it('and logout ends it, there and here', async () => {
    await as('ida', 'login');
    const { out } = await as('ida', 'whoami', '--json');
    expect(await as('ida', 'logout')).toMatchObject({ status: 0 });
    expect((await as('ida', 'whoami')).err).toMatch(/answers to those it knows only/);
    expect(bank.ledger.access.state.credentials.get(JSON.parse(out).session)?.isRevoked).toBe(true);
    expect((await as('ida', 'logout')).status).toBe(1);
  });
});

const session = async (person: string) =>
  JSON.parse((await as(person, 'whoami', '--json')).out) as { until: string };

describe('a host that may not be seen', () => {
  it.each([
    ['viewer', 'test*'],
    ['access-admin', '*'],
  ] as const)(
    'is denied by the service to a %s on %s, not taken for one that is not there',
    async (role, hosts) => {
      const program = `program-${role}`;
      await bank.owner.ask('bindRole', { subject: `apledger#${program}`, role, hosts });
      vi.stubEnv('APLEDGER_TOKEN', (await bank.owner.ask('issueToken', { program, until: '8h' })).secret);
      try {
        for (const question of [['custody', '5.4'], ['exposure'], ['show', 'host']]) {
          const { status, out, err } = await as(program, ...question, '--host', 'prod1');
          expect({ status, out }, err).toEqual({ status: 2, out: '' });
          expect(err).toMatch(/^apledger: .*may not .*prod1/);
        }
        const listed = await as(program, 'exposure');
        if (role === 'access-admin') expect(listed.err).toMatch(/no host yet, or none that you may see/);
        else
          expect((await as(program, 'custody', '5.4', '--host', 'test9')).err).toMatch(
            /There is no host test9/,
          );
      } finally {
        vi.unstubAllEnvs();
      }
      await bank.flush();
      const denied = (await bank.facts()).filter(({ type }) => type === 'AccessDenied');
      expect(denied.map(({ data }) => data)).toContainEqual(expect.objectContaining({ host: 'prod1' }));
    },
  );
});

describe('four eyes', () => {
  it('work between two terminals', async () => {
    await as('olga', 'login');
    await as('amir', 'login');
    const step = 'echo +5 > /sys/bus/ap/apmask';
    const proposed = await as(
      'olga',
      'change',
      'propose',
      '--host',
      'prod1',
      '--reason',
      'more for the host',
      '--id',
      'CHG1',
      step,
    );
    expect(proposed.out).toMatch(/^CHG1 {2}prod1 {2}proposed .*olga: more for the host\n/);
    expect(proposed.out).toMatch(/ {2}host gains 05\.0004, 05\.0005\n/);
    expect(proposed.out).toMatch(/You may not approve it: .*olga proposed change CHG1/);
    expect((await as('olga', 'change', 'approve', 'CHG1')).err).toMatch(/somebody else has to approve it/);
    expect((await as('amir', 'change', 'list', '--open')).out).toMatch(/^CHG1 {2}prod1 {2}proposed/);
    expect((await as('amir', 'change', 'show', 'CHG1')).out).toMatch(/You may approve or refuse it/);
    expect((await as('amir', 'change', 'approve', 'CHG1', '--effect', 'ffffffff')).err).toMatch(
      /has the effect/,
    );
    expect(await as('amir', 'change', 'approve', 'CHG1')).toMatchObject({
      status: 0,
      out: expect.stringMatching(/CHG1 {2}prod1 {2}carried-out/),
    });
  });

  it('and who could do what, as of a moment, is answered', async () => {
    await as('ida', 'login');
    const { out, status } = await as('ida', 'access', 'who-can', 'command', 'prod1');
    expect(status).toBe(0);
    expect(out).toMatch(/olga {2}as operator\nFour eyes there: grants\.\n$/);
    expect(await as('ida', 'access', 'who-can', 'command', 'prod1', '--at', '1')).toMatchObject({
      status: 1,
      out: expect.stringMatching(/^Nobody could/),
    });
    expect((await as('olga', 'access', 'who-can', 'command', 'prod1')).err).toMatch(/may not report/);
  });
});
