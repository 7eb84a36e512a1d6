/** Faults around the command line and the service: what cannot be written, made or trusted ends with a line and a status. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { IndexStore } from '@apledger/projections';
import { describe, expect, it } from 'vitest';
import { startService } from '../http/support.ts';
import { scratch } from '../support/file.ts';
import { apledger, file, inRepository } from './support.ts';

const SCRIPT = inRepository('examples/01-three-guests.sh');

/** The command as a process of its own, with standard output to `stdout`, and errors to `stderr`. */
async function run(
  args: readonly string[],
  stdout: 'pipe' | number = 'pipe',
  env: object = {},
  stderr: 'pipe' | number = 'pipe',
) {
  const child = spawn(process.execPath, [inRepository('services/cli/bin/apledger.mjs'), ...args], {
    stdio: ['ignore', stdout, stderr],
    env: { ...process.env, ...env },
  });
  const [out, err] = await Promise.all([
    child.stdout === null ? '' : text(child.stdout),
    child.stderr === null ? '' : text(child.stderr),
    once(child, 'close'),
  ]);
  return { status: child.exitCode, out, err };
}

/** Asks as a user who may read the directory, and write nowhere in it. */
async function withoutWriting(data: string, ...args: readonly string[]) {
  const asNobody = process.getuid?.() === 0 ? 'process.setgid(65534); process.setuid(65534);' : '';
  const program = `${asNobody} process.argv[1] = ${JSON.stringify(inRepository('services/cli/bin/apledger.mjs'))};
    const { load } = await import(${JSON.stringify(inRepository('infra/programs.mjs'))});
    const { main } = await load('services/cli/src/main.ts');
    process.exitCode = await main(${JSON.stringify([...args, '--data', data])});`;
  chmodSync(data, 0o555);
  for (const name of readdirSync(data)) chmodSync(join(data, name), 0o444);
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e'];
  const child = spawn(process.execPath, [...flags, program], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status: child.exitCode, out, err };
}

async function played(): Promise<string> {
  const data = scratch();
  expect((await apledger('run', SCRIPT, '--data', data)).status).toBe(0);
  return data;
}

describe('the command line', () => {
  it('says when standard output is full', async () => {
    const data = await played();
    const full = openSync('/dev/full', 'w');
    const { status, err } = await run(['events', '--data', data], full);
    closeSync(full);
    expect(status).toBe(2);
    expect(err).toMatch(/^apledger: standard output cannot be written: ENOSPC.*\n$/);
  });

  it.each([
    ['what came out of it', 'echo -5 > /sys/bus/ap/apmask\n', 0],
    ['what failed', '! echo -5 > /sys/bus/ap/apmask\necho -6 > /sys/bus/ap/apmask\n', 1],
  ])('goes on when standard error is full, and its status says %s', async (_, steps, expected) => {
    const [data, host] = [scratch(), 'host h adapters=5,6 domains=4 driver=7.3\n'];
    const full = openSync('/dev/full', 'w');
    const script = file('steps.sh', host + steps);
    const { status, out } = await run(['run', script, '-x', '--data', data], 'pipe', {}, full);
    closeSync(full);
    expect(status, out).toBe(expected);
    const { out: facts } = await apledger('events', '--data', data, '--type', 'MaskChanged');
    expect(facts).toContain('MaskChanged');
  });

  it('says that a directory cannot be made, and does not try for ever', async () => {
    const { status, err } = await run(['run', SCRIPT, '--data', '/proc/nope']);
    expect(status).toBe(2);
    expect(err).toMatch(/^apledger: \/proc\/nope.*\n$/);
  });

  it('keeps what it writes from other users, and says what it has narrowed', async () => {
    const data = join(scratch(), 'data');
    await apledger('run', SCRIPT, '--data', data);
    const log = join(data, 'log.sqlite');
    expect([data, log].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o600]);
    chmodSync(log, 0o644);
    const { err } = await apledger('run', file('none.sh', ''), '--data', data);
    expect(err).toContain(`${log} could be read by other users (mode 0644)`);
    expect(statSync(log).mode & 0o777).toBe(0o600);
  });

  it('heals a read model whichever page of it is lost', async () => {
    const data = await played();
    const path = join(data, 'read-model.sqlite');
    const asked = await apledger('show', 'host', '--data', data);
    const pages = statSync(path).size / 4096;
    for (let page = 0; page < pages; page++) {
      const handle = openSync(path, 'r+');
      writeSync(handle, Buffer.alloc(4096, 0x7f), 0, 4096, page * 4096);
      closeSync(handle);
      const { status, out } = await apledger('show', 'host', '--data', data);
      expect({ status, out }).toEqual({ status: 0, out: asked.out });
      const rebuilt = await apledger('rebuild', '--data', data);
      expect(rebuilt).toMatchObject({ status: 0, out: expect.stringContaining('Rebuilt') });
      expect((await apledger('show', 'host', '--data', data)).err).toBe('');
    }
  });

  it('does not say that it has rebuilt what cannot be written', async () => {
    const data = mkdtempSync(join(tmpdir(), 'apledger-faults-'));
    await apledger('run', SCRIPT, '--data', data);
    const path = join(data, 'read-model.sqlite');
    const { status } = await apledger('rebuild', '--data', data);
    expect(status).toBe(0);
    const before = readFileSync(path);
    const { status: refused, out, err } = await withoutWriting(data, 'rebuild');
    expect(refused, err).toBe(2);
    expect(out).not.toContain('Rebuilt');
    expect(err).toMatch(/nothing was rebuilt|cannot be/);
    expect(readFileSync(path).equals(before)).toBe(true);
    rmSync(data, { recursive: true });
  });

  it('verifies and reports on a copy that cannot be written, with what is kept beside it', async () => {
    const data = mkdtempSync(join(tmpdir(), 'apledger-faults-'));
    await apledger('run', SCRIPT, '--data', data);
    expect((await apledger('rebuild', '--data', data)).status).toBe(0);
    const path = join(data, 'read-model.sqlite');
    // As after a copy of the files themselves.
    const settle = () => {
      for (const name of ['log.sqlite', 'read-model.sqlite']) {
        const db = new DatabaseSync(join(data, name));
        db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
        db.close();
        for (const side of ['-wal', '-shm']) rmSync(join(data, name + side), { force: true });
      }
    };
    settle();
    for (const [question, answer] of [
      ['verify', '0 problems'],
      ['report', 'What this report rests on'],
    ] as const) {
      const asked = await withoutWriting(data, question);
      expect(asked, question).toMatchObject({ status: 0, err: '' });
      expect(asked.out).toContain(answer);
    }
    chmodSync(data, 0o755);
    chmodSync(path, 0o644);
    const db = new DatabaseSync(path);
    db.exec("UPDATE state SET host = 'other'");
    db.close();
    settle();
    const damaged = await withoutWriting(data, 'verify');
    expect(damaged).toMatchObject({ status: 1, out: expect.stringContaining('read model') });
    chmodSync(data, 0o755);
    writeFileSync(path, 'nothing that could be read', { mode: 0o444 });
    expect(await withoutWriting(data, 'verify')).toMatchObject({ status: 0, err: '' });
    rmSync(data, { recursive: true });
  });

  it('takes the log from a file or the environment, and repeats no password', async () => {
    const data = await played();
    const named = file('log-url', `sqlite:${data}\n`);
    const asked = await apledger('events', '--data', data);
    expect((await run(['events', '--log', `@${named}`])).out).toBe(asked.out);
    expect((await run(['events'], 'pipe', { APLEDGER_LOG: `sqlite:${data}` })).out).toBe(asked.out);
    for (const args of [
      ['--log', 'mysql://anna:s3cret@h/x'],
      ['--log', 'nats://anna:s3c%ret@127.0.0.1:1'],
      ['--server', 'http://anna:s3cret@127.0.0.1:1'],
      ['--log', `@${file('secret', 'nats://anna:s3cret@[bad')}`],
    ]) {
      const { status, out, err } = await run(['show', 'host', ...args]);
      expect(status, args[1]).toBe(2);
      expect(out + err).not.toMatch(/s3c|at .*\.ts:/);
    }
  });

  it('verifies kept states by making them again', async () => {
    const data = await played();
    await apledger('show', 'host', '--data', data);
    expect((await apledger('verify', '--data', data)).status).toBe(0);
    const path = join(data, 'read-model.sqlite');
    // A state of another log's, whole by its own checksum.
    const other = scratch();
    await apledger('run', inRepository('examples/03-hot-plug.sh'), '--data', other);
    await apledger('show', 'host', '--data', other);
    const db = new DatabaseSync(path);
    db.exec(`ATTACH '${join(other, 'read-model.sqlite')}' AS other`);
    db.exec('UPDATE state SET bytes = (SELECT bytes FROM other.state LIMIT 1)');
    db.close();
    const { status, out } = await apledger('verify', '--data', data);
    expect(status).toBe(1);
    expect(out).toMatch(/read model's state is not what the log makes/);
  });

  it('verifies the index of a service by making it again', async () => {
    const data = await played();
    const service = await startService('--data', data);
    const position = () => {
      const db = new DatabaseSync(join(data, 'fact-index.sqlite'), { readOnly: true });
      try {
        return db.prepare('SELECT position FROM checkpoint').get()?.position;
      } finally {
        db.close();
      }
    };
    await fetch(`${service.server}/api/v1/hosts/zlp1/custody?apqn=05.0004`);
    await expect.poll(position).toBeGreaterThan(0);
    service.process.signal('SIGTERM');
    await service.process.ended();
    expect((await apledger('verify', '--data', data)).status).toBe(0);
    // Whole by its own checksum: who did what is said of somebody else.
    const store = IndexStore.open(join(data, 'fact-index.sqlite'));
    const to = store.checkpoint() ?? expect.fail('the index is empty');
    const bytes = Buffer.from(store.piece('s:host-zlp1', 0) ?? []);
    bytes.write('m', bytes.indexOf('root@'));
    store.save({ from: to, to, pieces: [{ term: 's:host-zlp1', chunk: 0, bytes }] });
    store.close();
    const { status, out } = await apledger('verify', '--data', data);
    expect(out).toMatch(
      /the index over the facts does not say what the log makes, in its piece "s:host-zlp1 0"/,
    );
    expect(status).toBe(1);
    expect((await apledger('rebuild', '--data', data)).status).toBe(0);
    expect((await apledger('verify', '--data', data)).status).toBe(0);
  });
});

describe('the service', () => {
  it('ends when its directory cannot be made', async () => {
    await expect(startService('--data', '/proc/nope')).rejects.toThrow(/\/proc\/nope/);
  });

  it('tells no path of its log, and starts with a damaged read model', async () => {
    const data = await played();
    await apledger('show', 'host', '--data', data);
    writeFileSync(join(data, 'read-model.sqlite'), Buffer.alloc(8192, 0x7f));
    const service = await startService('--data', data);
    expect((await fetch(`${service.server}/api/v1/hosts/zlp1`)).status).toBe(200);
    expect(service.process.output()).toMatch(/set aside as .*read-model.sqlite.damaged/);
    expect(existsSync(join(data, 'read-model.sqlite.damaged'))).toBe(true);
    service.process.signal('SIGTERM');
    expect(await service.process.ended()).toBe(0);
  });

  it('goes on, and answers what has come, when nobody reads what it says any more', async () => {
    const child = spawn(
      process.execPath,
      [inRepository('services/ledger/bin/ledger.mjs'), '--data', scratch(), '--port', '0', '--no-relay'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const err = text(child.stderr);
    let server: string | undefined;
    for await (const line of createInterface(child.stdout)) {
      server = /ready at (http:\/\/[\d.:]+)/.exec(line)?.[1];
      if (server !== undefined) break;
    }
    child.stdout.destroy();
    const ended = once(child, 'close');
    child.kill('SIGHUP'); // about which it says something
    expect((await fetch(`${server}/healthz`)).status).toBe(200);
    child.kill('SIGTERM');
    await ended;
    expect({ status: child.exitCode, err: await err }).toEqual({
      status: 0,
      err: expect.not.stringContaining('EPIPE'),
    });
  });

  it.each([
    ['Host twice', 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n', 400],
    [
      'another host in the address',
      'GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
      421,
    ],
  ])('refuses a request with %s', async (_, bytes, status) => {
    const service = await startService('--data', scratch());
    const socket = connect(service.port, '127.0.0.1');
    socket.end(bytes);
    expect(await text(socket)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    service.process.signal('SIGTERM');
    await service.process.ended();
  });
});
