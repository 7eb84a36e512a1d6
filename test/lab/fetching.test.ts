/** infra/clients.mjs and infra/debian.mjs where nothing may be fetched. */
import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { inRepository } from '../cli/support.ts';
import { scratch } from '../support/file.ts';

it.each([
  [['clients.mjs'], 'node infra/clients.mjs'],
  [['debian.mjs', 'nats-server'], 'node infra/debian.mjs nats-server own'],
  [['debian.mjs', 's390-tools,libc6', 'sid', 's390x'], 'node infra/debian.mjs s390-tools,libc6 sid s390x'],
])('infra/%j says what to type', ([script = '', ...args], remedy) => {
  const house = scratch();
  cpSync(inRepository('infra'), join(house, 'infra'), { recursive: true });
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(house, 'infra', script), ...args], {
    encoding: 'utf8',
    env: { ...process.env, APLEDGER_NO_INSTALL: '1' },
  });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain('APLEDGER_NO_INSTALL=1, and missing: ');
  expect(stderr.trimEnd().endsWith(`Type: ${remedy}`)).toBe(true);
});
