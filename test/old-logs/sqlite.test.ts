/** A SQLite log of commit 8057e45, with what that version kept beside it and without. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteLog } from '@apledger/event-log';
import type { HostViewJson } from '@apledger/projections/host';
import { afterEach, describe, expect, it } from 'vitest';
import { apledger, objects } from '../cli/support.ts';
import { itGoesOn, itReadsAsBefore } from './as-before.ts';
import { answersOf, asOld, unpacked } from './support.ts';

const answers = answersOf('sqlite');

/** Files of that version are made private, and its caches are set aside, each once and with a word. */
const NOTICES = expect.stringMatching(
  /^(?:apledger: .* (?:its mode is 0600 now|made again from the log)\n)*$/,
);

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function open(directory: string) {
  const log = await openSqliteLog({ directory });
  ends.push(() => log.close());
  return log;
}

describe('a SQLite log of 8057e45', () => {
  const directory = unpacked('sqlite');
  itReadsAsBefore(answers, () => open(directory));
  const written = unpacked('sqlite');
  itGoesOn(
    answers,
    () => open(written),
    async (log) => {
      await log.close();
      return open(written);
    },
  );
});

describe.each([
  ['with the caches of that version', ['sqlite', 'caches']],
  ['without any cache', ['sqlite']],
])('a data directory of 8057e45 %s', (_, archives) => {
  const directory = unpacked(...archives);
  const run = (...args: string[]) => apledger(...args, '--data', directory);

  it('shows every host as it was, again and again', async () => {
    for (const { host, views } of answers.hosts)
      for (const view of [...views, ...views.slice(-1)]) {
        const { status, out, err } = await run(
          'show',
          'host',
          host,
          '--position',
          String(view.position),
          '--json',
        );
        const shown = objects(out).map(({ asOf: _, ...host }) => asOld(host as unknown as HostViewJson));
        expect({ status, err, shown }).toEqual({ status: 0, err: NOTICES, shown: [view] });
      }
  });

  it('verifies against the heads that were noted', async () => {
    const heads = join(directory, 'noted.json');
    writeFileSync(heads, JSON.stringify(answers.verification));
    const { status, out } = await run('verify', '--heads', heads, '--json');
    expect({ status, found: objects(out) }).toEqual({
      status: 0,
      found: [{ ...answers.verification, clockJumps: [], compared: answers.verification.heads.length }],
    });
  });

  it('takes a script', async () => {
    const script = join(directory, 'more.sh');
    const create = '/sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create';
    writeFileSync(script, `host kvm73\necho eeeeeeee-0000-4000-8000-000000000005 > ${create}\n`);
    expect(await run('run', script)).toMatchObject({ status: 0, err: NOTICES });
    const { out } = await run('show', 'mdev', 'eeeeeeee', '--json');
    expect(objects(out)).toMatchObject([{ host: 'kvm73', adapters: [], domains: [] }]);
    expect((await run('verify')).status).toBe(0);
  });
});
