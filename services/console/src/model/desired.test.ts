import type { HostView, MdevView } from '@apledger/api';
import { expect, it } from 'vitest';
import { desiredOf } from './desired.ts';

const mdev = (uuid: string, guest: string | null, adapters: number[], domains: number[]): MdevView =>
  ({ mdev: uuid, guest, open: guest !== null, adapters, domains, controlDomains: [] }) as never;
const view = (apmask: string, mdevs: readonly MdevView[]): HostView =>
  ({ host: 'zlp1', apmask, aqmask: `0x${'f'.repeat(64)}`, mdevs }) as never;

it('says what differs, and nothing of what does not', () => {
  const before = view(`0x${'0'.repeat(64)}`, [
    mdev('a', 'web', [5], [0x47]),
    mdev('b', 'db', [6], [4]),
    mdev('c', null, [], []),
  ]);
  const after = view(`0x8${'0'.repeat(63)}`, [
    mdev('a', 'web', [5, 6], [0x47]),
    mdev('b', 'db', [6], [4]),
    mdev('d', null, [7], [4]),
  ]);
  expect(JSON.parse(desiredOf(before, after))).toEqual({
    apledger: 'v1',
    host: 'zlp1',
    masks: { adapters: ['0x00'] },
    mdevs: {
      a: {
        uuid: 'a',
        guest: 'web',
        state: 'running',
        adapters: ['0x05', '0x06'],
        domains: ['0x47'],
        controlDomains: [],
      },
      d: { uuid: 'd', state: 'defined', adapters: ['0x07'], domains: ['0x04'], controlDomains: [] },
      c: { uuid: 'c', state: 'absent' },
    },
  });
});
