/** The command line says the same of a log, whether it opens it or asks a service. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { main } from '@apledger/cli';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apledger, file, inRepository, objects } from '../cli/support.ts';
import { scratch } from '../support/file.ts';
import { freePorts } from '../support/nats.ts';
import { type HttpService, startService } from './support.ts';

const EXAMPLES = ['01-three-guests', '02-masks', '03-hot-plug', '06-live-migration'];

/** A log with everything in it: three guests, refusals, a card that comes and goes, two hosts. */
async function fill(place: readonly string[]): Promise<void> {
  for (const name of EXAMPLES) await apledger('run', inRepository(`examples/${name}.sh`), ...place);
}

describe('the command line', () => {
  let service: HttpService;
  let data: string;
  let local: readonly string[];
  let remote: readonly string[];
  beforeAll(async () => {
    data = scratch();
    local = ['--data', data];
    await fill(local);
    service = await startService(...local);
    remote = ['--server', service.server];
  });
  afterAll(() => service.process.signal('SIGKILL'));

  const commands = [
    ['show', 'host'],
    ['show', 'host', '--json'],
    ['show', 'host', 'nowhere'],
    ['show', 'mdev'],
    ['show', 'mdev', '1111'],
    ['show', 'guest', '--json'],
    ['show', 'guest', 'guest1', '--position', '37'],
    ['show', 'guest', 'nobody'],
    ['show', 'host', '--at', '2020-01-01'],
    ['show', 'host', '--position', '999999'],
    ['events'],
    ['events', '--json'],
    ['events', '--host', 'zlp1', '--type', 'GuestStarted,CommandRejected', '--json'],
    ['events', '--host', 'nowhere'],
    ['events', '--since', '2020-01-01', '--type', 'MaskChanged'],
    ['events', '--type', 'Rain'],
    ['replay'],
    ['replay', '--json', '--from', '10', '--to', '60'],
    ['replay', '--host', 'zlp1', '--from', '2020-01-01'],
    ['diff', '--from', '5'],
    ['diff', '--from', '0', '--to', '20', '--json'],
    ['diff', '--from', '0', '--host', 'zlp1'],
    ['diff', '--from', '0', '--host', 'nowhere'],
    ['verify'],
    ['verify', '--json'],
    ['custody', '05.0047'],
    ['custody', '05.0047', '--json', '--host', 'zlp1', '--from', '10', '--to', '37'],
    ['custody', '05.0047', '--host', 'nowhere'],
    ['guest-history', 'guest1'],
    ['guest-history', 'guest1', '--json'],
    ['guest-history', 'nobody'],
    ['exposure'],
    ['exposure', '--json'],
    ['report'],
    ['report', '--format', 'json', '--host', 'zlp1'],
    ['report', '--format', 'csv', '--guest', 'guest1'],
    ['report', '--format', 'html', '--to', '37'],
    ['report', '--guest', 'nobody'],
    ['what-if', '--host', 'zlp1', 'guest stop guest1', 'echo 5 > /sys/bus/ap/apmask'],
    ['what-if', '--host', 'zlp1', '--at', '30', '--json', 'card 06 config=0'],
    ['what-if', '--host', 'zlp1', 'fly'],
    ['what-if', '--host', 'nowhere', 'scan'],
  ];
  it.each(commands.map((args) => [args.join(' '), args] as const))('%s', async (_, args) => {
    const here = await apledger(...args, ...local);
    const there = await apledger(...remote, ...args);
    expect(there).toEqual(here);
    if (args[0] !== 'events') expect(here.out + here.err).not.toBe('');
  });

  it('compares heads with what it noted, over the service as well', async () => {
    const noted = file('heads.json', (await apledger('verify', '--json', ...remote)).out);
    expect(await apledger('verify', '--heads', noted, ...remote)).toMatchObject({ status: 0 });
    writeFileSync(noted, readFileSync(noted, 'utf8').replaceAll(/"hash":"../g, '"hash":"00'));
    const here = await apledger('verify', '--heads', noted, ...local);
    expect(here.status).toBe(1);
    expect(await apledger('verify', '--heads', noted, ...remote)).toEqual(here);
  });

  it('rebuilds the read model of the service', async () => {
    const { status, out } = await apledger('rebuild', '--json', ...remote);
    expect(status).toBe(0);
    expect(objects(out)[0]).toMatchObject({ hosts: expect.any(Number), milliseconds: expect.any(Number) });
  });

  it('writes a report into a file', async () => {
    const path = join(scratch(), 'report.md');
    await apledger('report', '--output', path, ...remote);
    expect(readFileSync(path, 'utf8')).toBe((await apledger('report', ...local)).out);
  });

  it.each(EXAMPLES)('runs a script on a service as on a log: %s', async (name) => {
    const script = inRepository(`examples/${name}.sh`);
    const [here, there] = [scratch(), scratch()];
    const other = await startService('--data', there);
    const asIs = await apledger('run', '-x', script, '--data', here);
    expect(await apledger('run', '-x', script, '--server', other.server)).toEqual(asIs);
    const again = await apledger('run', '--json', script, '--data', here);
    expect(await apledger('--server', other.server, 'run', '--json', script)).toEqual(again);
    const log = async (place: readonly string[]) =>
      objects((await apledger('events', '--json', ...place)).out).map(({ type, data, actor }) => ({
        type,
        data,
        actor,
      }));
    expect(await log(['--server', other.server])).toEqual(await log(['--data', here]));
    other.process.signal('SIGKILL');
  });

  it('replays a long history with few questions', async () => {
    const long = scratch();
    const script = file('long.sh', `host h adapters=5 domains=4\n${'scan\n'.repeat(600)}`);
    await apledger('run', script, '--data', long);
    const other = await startService('--data', long);
    const asked = async (): Promise<number> => {
      const text = await (await fetch(`${other.server}/metrics`)).text();
      const counts = [...text.matchAll(/^apledger_http_request_seconds_count\{.*\} (\d+)$/gm)];
      return counts.reduce((sum, [, count]) => sum + Number(count), 0);
    };
    const before = await asked();
    const { out } = await apledger('replay', '--server', other.server);
    expect(out).toMatch(/^601 {2}/m);
    expect((await asked()) - before).toBeLessThan(10);
    other.process.signal('SIGKILL');
  });

  it('follows what happens', async () => {
    const one = scratch();
    const other = await startService('--data', one);
    const script = file('a.sh', 'host h adapters=5 domains=4\nscan\n');
    await apledger('run', script, '--data', one);
    let out = '';
    const seen = Promise.withResolvers<void>();
    const following = main(['events', '--follow', '--type', 'BusScanned', '--server', other.server], {
      out: (text) => {
        out += text;
        if (out.split('\n').length > 3) seen.resolve();
      },
      err: () => {},
      isInteractive: false,
    });
    await apledger('run', file('b.sh', 'host h\nscan\n'), '--data', one);
    await seen.promise;
    process.emit('SIGINT');
    expect(await following).toBe(0);
    const { out: printed } = await apledger('events', '--type', 'BusScanned', '--data', one);
    expect(out).toBe(printed);
    other.process.signal('SIGKILL');
  });

  it.each([
    [['show', 'host', '--server', 'ftp://x'], 'no address of a service'],
    [['show', 'host', '--server', 'http://127.0.0.1:1/x'], 'no address of a service'],
    [['show', 'host', '--server', 'http://127.0.0.1:1', '--data', 'd'], 'either --server, or --data'],
    [['relay', '--server', 'http://127.0.0.1:1'], 'relay does not take --server'],
    [['lab', 'scan', '--server', 'http://127.0.0.1:1'], 'lab scan does not take --server'],
  ])('%j says what is wrong', async (args, told) => {
    const ended = await apledger(...args);
    expect(ended).toMatchObject({ status: 2, out: '' });
    expect(ended.err).toContain(told);
  });

  it('says that nobody answers', async () => {
    const [port] = await freePorts(1);
    const ended = await apledger('show', 'host', '--server', `http://127.0.0.1:${port}`);
    expect(ended).toMatchObject({ status: 2, out: '' });
    expect(ended.err).toMatch(/^apledger: http:\/\/127\.0\.0\.1:\d+: ECONNREFUSED; is the service running/);
  });
});
