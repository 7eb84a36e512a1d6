/** `apledger apply` is killed after any step, again and again: in the end each step was done once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { sized } from '../support/long.ts';
import { apledger, file, inRepository, objects } from './support.ts';

const PROGRAM = inRepository('services/cli/bin/apledger.mjs');
const KILLS = sized(2, 12);
const TIMEOUT_MS = 1_200_000;

it(
  `kill -9 of apledger apply, ${KILLS} times`,
  async () => {
    const data = scratch();
    const run = (...args: string[]) => apledger(...args, '--data', data);
    expect((await run('run', inRepository('examples/01-three-guests.sh'))).status).toBe(0);
    const exported = (await run('export', 'zlp1')).out;
    const more = Array.from(
      { length: KILLS + 2 },
      (_, n) => `  m${n}: { uuid: 99999999-0000-4000-8000-${String(n).padStart(12, '0')} }\n`,
    );
    const desired = file('zlp1.yaml', exported + more.join(''));
    const plan = join(scratch(), 'many.plan');
    const made = await run('plan', desired, '--out', plan);
    expect(made, made.out + made.err).toMatchObject({ status: 0 });
    for (let kill = 1; kill <= KILLS; kill++) {
      const applying = spawn(process.execPath, [PROGRAM, 'apply', plan, '--data', data]);
      // It prints a line for each step.
      await once(applying.stdout, 'data');
      applying.kill('SIGKILL');
      await once(applying, 'close');
    }
    expect(await run('apply', plan)).toMatchObject({ status: 0 });
    const events = objects((await run('events', '--json')).out);
    const created = events.filter(({ type }) => type === 'MdevCreated').slice(-more.length);
    expect(created.map((fact) => (fact.data as { readonly mdev: string }).mdev.slice(-2))).toEqual(
      more.map((_, n) => String(n).padStart(2, '0')),
    );
    const given = events.filter(
      ({ correlation, command }) => String(correlation).startsWith('change-') && command !== undefined,
    );
    expect(given).toHaveLength(more.length);
  },
  TIMEOUT_MS,
);
