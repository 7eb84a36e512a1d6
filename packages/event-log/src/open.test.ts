import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commit } from './contract/support.ts';
import { jetStreamOptions } from './jetstream/address.ts';
import { openLog } from './open.ts';

describe('a log by its URL', () => {
  test('is a directory with SQLite, or memory', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'apledger a%b-'));
    const urls = [`sqlite:${directory.replaceAll('%', '%25')}`, 'memory:'];
    for (const url of urls) {
      const log = await openLog(url);
      expect(await log.append(commit('host-a', 'none'))).toMatchObject({ lastRevision: 0 });
      await log.close();
    }
    rmSync(directory, { recursive: true });
  });

  test.each([
    '',
    'data',
    '/var/lib/apledger',
    'redis://x',
    'sqlite:',
    'sqlite:100%',
    'nats:x',
    'nats://h/apledger?replica=3',
  ])('is a mistake to say so: %s', async (url) => {
    await expect(openLog(url)).rejects.toThrow(TypeError);
  });

  test('costs no client of a server until a URL asks for one', () => {
    const loaded = (module: string): number => {
      const url = new URL(module, import.meta.url).href;
      const program = `await import('${url}');
        const { createRequire } = await import('node:module');
        const files = Object.keys(createRequire('/').cache);
        console.log(files.filter((file) => /@nats-io|@eventstore|@grpc/.test(file)).length);`;
      const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program];
      return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
    };
    expect(loaded('./index.ts')).toBe(0);
    expect(loaded('./jetstream/log.ts')).toBeGreaterThan(0);
  });

  test('on NATS names servers, user, log and files', () => {
    expect(jetStreamOptions('nats://a:4222,b/prod?replicas=3&timeoutMs=500')).toEqual({
      servers: ['nats://a:4222', 'nats://b'],
      name: 'prod',
      replicas: 3,
      timeoutMs: 500,
    });
    expect(jetStreamOptions('tls://me:a%2Fb%40@h:1?ca=/c/ca.pem&cert=c.pem&key=k.pem&creds=x.creds')).toEqual(
      {
        servers: ['tls://h:1'],
        user: 'me',
        password: 'a/b@',
        credentialsFile: 'x.creds',
        tls: { caFile: '/c/ca.pem', certFile: 'c.pem', keyFile: 'k.pem' },
      },
    );
    expect(jetStreamOptions('nats://t0ken@h')).toEqual({ servers: ['nats://h'], token: 't0ken' });
    for (const wrong of ['nats://h?replicas=2', 'nats://h?timeoutMs=soon', 'nats://h/a.b?x=1'])
      expect(() => jetStreamOptions(wrong)).toThrow(TypeError);
  });
});
