/** Planned changes over NATS: the same operations, each on its subject. */
import { operations } from '@apledger/api';
import { A, create, register } from '@apledger/command-handler/testing';
import { MAX_REQUEST_BYTES, Mover } from '@apledger/ledger';
import { expect, it } from 'vitest';
import { scene } from './test-support.ts';

it('a plan is asked for, proposed, started, confirmed and shown', async () => {
  const { reply, ask, ledger } = await scene();
  await reply('command.lpar1', register('lpar1', '6.12'));
  await reply('command.lpar1', create(A));
  const desired = `apledger: v1\nhost: lpar1\nmdevs:\n  web: { uuid: ${A}, guest: web, adapters: 5, domains: 4 }\n`;
  const { plan } = await reply('query.plan.lpar1', { desired });
  const { planHash } = plan as { readonly planHash: string };
  const asked = { plan, reason: 'test', change: 'CHG1', confirmWithin: '1h' };
  expect(await reply('change.propose.lpar1', asked)).toMatchObject({ status: 'proposed' });
  expect(await reply('change.start', { change: 'CHG1', planHash })).toMatchObject({
    status: 'running',
  });
  await new Mover(ledger).advance('CHG1');
  expect(await reply('query.changes', { status: 'verifying' })).toMatchObject({
    changes: [{ change: 'CHG1' }],
  });
  expect(await reply('change.confirm', { change: 'CHG1' })).toMatchObject({ status: 'carried-out' });
  expect(await reply('query.change', { change: 'CHG1' })).toMatchObject({
    run: { steps: [{ outcome: 'done' }, { outcome: 'done' }] },
  });
  expect(await ask('change.resume', { change: 'CHG1', how: 'back', reason: 'x' })).toMatchObject({
    error: { code: 'not-now' },
  });
});

it('the proposal of a plan may be longer than other requests, up to its own bound', async () => {
  const { ask } = await scene();
  const { maxRequestBytes } = operations.propose;
  expect(maxRequestBytes).toBeGreaterThan(MAX_REQUEST_BYTES);
  const ofBytes = (count: number): string => `"${'x'.repeat(count - 2)}"`;
  expect(await ask('change.propose.lpar1', ofBytes(maxRequestBytes))).toMatchObject({
    error: { code: 'invalid-request' },
  });
  expect(await ask('change.propose.lpar1', ofBytes(maxRequestBytes + 1))).toMatchObject({
    error: { code: 'request-too-large' },
  });
});
