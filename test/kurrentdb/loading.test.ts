/** What is loaded when; and the fake as a process of its own, for anyone who needs one to try something by hand. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fill, verified } from '@apledger/event-log/contract/support';
import { expect, test } from 'vitest';
import { openFast } from './support.ts';

const EVENT_LOG = import.meta.resolve('@apledger/event-log');
const FAKE = new URL('../fakes/kurrentdb/main.ts', import.meta.url).pathname;

test("the client is loaded with the first log that is opened, not with the package's face", () => {
  const script = `
    import { createRequire } from 'node:module';
    const { openKurrentLog } = await import(${JSON.stringify(EVENT_LOG)});
    const { cache } = createRequire(import.meta.url);
    const loaded = () => Object.keys(cache).some((path) => path.includes('@eventstore/db-client'));
    const before = loaded();
    await openKurrentLog({ connectionString: 'kurrentdb://127.0.0.1:1?tls=false', patienceMs: 1 }).catch(() => {});
    console.log(before, loaded());`;
  const told = execFileSync(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '-e',
    script,
  ]);
  expect(told.toString().trim()).toBe('false true');
});

test('the fake serves from a process of its own', async () => {
  const fake = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', FAKE], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [connectionString] = (await once(createInterface({ input: fake.stdout }), 'line')) as [string];
    const [one, two] = [await openFast({ connectionString }), await openFast({ connectionString })];
    await Promise.all([fill(one), fill(two)]);
    expect(await verified(one)).toMatchObject({ facts: 120, problems: [] });
    await Promise.all([one.close(), two.close()]);
  } finally {
    fake.kill('SIGKILL');
    await once(fake, 'close');
  }
});
