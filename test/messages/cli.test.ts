/** `apledger relay` and `apledger tail`, as a shell starts them. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { apledger, objects } from '../cli/support.ts';
import { scratch } from '../support/file.ts';
import { freePorts } from '../support/nats.ts';
import { Child } from './processes.ts';
import { append, broker, commandsFor, factsOf, openLog, program, scans, submit } from './support.ts';

describe.skipIf('missing' in program)('on the command line', () => {
  it('relay publishes and tail prints, until each is told to stop', async () => {
    const [server, log] = await Promise.all([broker(), openLog()]);
    await submit(log, 'zlp1', commandsFor('zlp1').slice(0, 6));
    const relaying = new Child('cli', 'relay', '--data', log.directory, '--nats', server.url);
    await relaying.said(/publishing the facts after position 0/);
    const nats = ['--nats', server.url];
    const all = new Child('cli', 'tail', ...nats, '--since', '2026-01-01', '--json');
    await all.said(/^Facts recorded from 2026-01-01 00:00:00 \S+( \S+)? on:$/m);
    const facts = await factsOf(log);
    for (const fact of facts) expect(objects(await all.printed(/./))).toEqual([fact]);
    const guest = new Child(
      'cli',
      'tail',
      ...nats,
      '--since',
      '2026-01-01',
      '--host',
      'zlp1',
      '--guest',
      'web.1',
    );
    await guest.printed(/GuestStarted: guest web\.1/);
    await submit(log, 'zlp1', commandsFor('zlp1').slice(6, 9));
    await guest.printed(/CommandRejected: AssignAdapter: /);
    const refusals = new Child(
      'cli',
      'tail',
      ...nats,
      '--since',
      '2026-01-01',
      '--type',
      'CommandRejected,GuestStopped',
    );
    expect(await refusals.printed(/./)).toMatch(/CommandRejected/);
    expect(await refusals.printed(/./)).toMatch(/GuestStopped/);
    expect(await Promise.all([all, guest, refusals].map((child) => child.ended('SIGINT')))).toEqual([
      0, 0, 0,
    ]);
    const stopped = relaying.said(/stopped/);
    expect(await relaying.ended('SIGTERM')).toBe(0);
    await stopped;
  });

  it('relay says once that it waits for a broker', async () => {
    const log = await openLog();
    await append(log, 'host-zlp1', scans(1));
    const [port = 0] = await freePorts(1);
    const relaying = new Child('cli', 'relay', '--data', log.directory, '--nats', `nats://127.0.0.1:${port}`);
    await relaying.said(new RegExp(`waiting: nats://127.0.0.1:${port}: .*see that the server runs`));
    expect(await relaying.ended('SIGTERM')).toBe(0);
  });

  it.each([
    ['tail', []],
    ['relay', ['--data']],
  ])('%s names what is wrong with the server, and exits with 2', async (command, data) => {
    const log = await openLog();
    const where = data.flatMap((option) => [option, log.directory]);
    const server = await broker({ configuration: 'authorization { user: anna, password: right }' });
    const denied = await apledger(command, ...where, '--nats', server.url.replace('//', '//anna:wrong@'));
    expect(denied).toMatchObject({
      status: 2,
      err: expect.stringMatching(/check user and password, or the credentials file/),
    });
    const missing = join(scratch(), 'no.creds');
    const nofile = await apledger(command, ...where, '--nats', server.url, '--creds', missing);
    expect(nofile).toMatchObject({ status: 2, err: expect.stringMatching(/no\.creds: .*no such file/) });
  });

  it('a password with a special character is not repeated, but how to write it', async () => {
    for (const password of ['100%sure', 'half/way', 'a@b', 'who?'])
      for (const [command, option] of [
        ['tail', '--nats'],
        ['events', '--log'],
      ] as const) {
        const { status, err } = await apledger(command, option, `nats://anna:${password}@127.0.0.1:1`);
        expect(status).toBe(2);
        expect(err).toMatch(/percent-encode/);
        expect(err).not.toContain(password);
      }
  });

  it('tail says that there is nobody, or nothing to follow', async () => {
    const [port = 0] = await freePorts(1);
    expect(await apledger('tail', '--nats', `nats://127.0.0.1:${port}`)).toMatchObject({
      status: 2,
      err: expect.stringMatching(/see that the server runs/),
    });
    const server = await broker();
    expect(await apledger('tail', '--nats', server.url)).toMatchObject({
      status: 2,
      err: expect.stringMatching(/there is no stream APLEDGER: start a relay/),
    });
    expect(await apledger('tail', '--nats', server.url, '--type', 'Bingo')).toMatchObject({
      status: 2,
      err: expect.stringMatching(/--type Bingo: there is no such type/),
    });
  });
});
