import type { Boundary, Exposure } from '@apledger/api';
import { expect, it } from 'vitest';
import { exposureText, kindOf, momentOf } from './exposures.ts';

const at: Boundary = {
  position: 37,
  revision: 36,
  occurredAt: '2026-11-17T09:14:00.000Z',
  type: 'GuestStarted',
  commandId: 'c',
  actor: 'bob',
};
const web = { kind: 'guest', guest: 'web', mdev: 'aaaaaaaa-0000-4000-8000-000000000001' } as const;
const db = { kind: 'guest', guest: null, mdev: 'bbbbbbbb-0000-4000-8000-000000000002' } as const;

const EXPOSURES: readonly (readonly [Exposure, string])[] = [
  [
    { kind: 'unreset-handover', host: 'zlp1', apqn: '05.0047', from: web, to: { kind: 'host' }, at },
    '05.0047 went from web to the host without a reset.',
  ],
  [
    { kind: 'shared-queue', host: 'zlp1', apqn: '05.0047', holders: [web, db], since: at, until: null },
    '05.0047 could be used by web and mdev bbbbbbbb at the same time, still so.',
  ],
  [
    {
      kind: 'stopped-guest-keeps-queues',
      host: 'zlp1',
      mdev: web.mdev,
      guest: 'web',
      queues: ['05.0047'],
      since: at,
    },
    'Guest web has stopped, and mdev aaaaaaaa keeps 05.0047.',
  ],
  [
    { kind: 'shared-control-domain', host: 'zlp1', domain: 0x47, guests: [web, db], since: at },
    'web and mdev bbbbbbbb can control the same domain 0047.',
  ],
];

it.each(EXPOSURES)('%j is said in a sentence', (exposure, words) => {
  expect(exposureText(exposure)).toBe(words);
  expect(momentOf(exposure)).toBe(at);
  expect(kindOf(exposure.kind)).toBe(exposure.kind);
});
