import type { HostView, MdevView } from '@apledger/api';
import { describe, expect, it } from 'vitest';
import { axesOf } from './axes.ts';
import { rectangleOf, rectangleText, stepsToGive, waysToFree } from './basket.ts';

const mdev = (uuid: string, adapters: number[], domains: number[]): MdevView =>
  ({ mdev: uuid, guest: 'web', adapters, domains, controlDomains: [] }) as never;
const A = 'aaaaaaaa-0000-4000-8000-000000000001';
const axes = axesOf({ adapters: [4, 5, 9], domains: [4, 0x47, 0xab], mdevs: [] });
const rectangle = rectangleOf({ from: { apid: 9, apqi: 0x47 }, to: { apid: 5, apqi: 4 } }, axes);

describe('a rectangle of the matrix', () => {
  it('has the rows and columns between its corners, whichever corners they are', () => {
    expect(rectangle).toEqual({ adapters: [5, 9], domains: [4, 0x47] });
    expect(rectangleText(rectangle)).toBe('05 09 × 0004 0047');
  });

  it('is given by what the mdev has not yet', () => {
    const path = `/sys/devices/vfio_ap/matrix/${A}`;
    expect(stepsToGive(mdev(A, [5], [4]), rectangle)).toEqual([
      `echo 0x09 > ${path}/assign_adapter`,
      `echo 0x47 > ${path}/assign_domain`,
    ]);
    expect(stepsToGive(mdev(A, [5, 9], [4, 0x47]), rectangle)).toEqual([]);
  });

  it('is freed by those who have some of it, and by the masks where the host has some', () => {
    const view = {
      apmask: `0x${'04'.padEnd(64, '0')}`, // adapter 5
      aqmask: `0x${'f'.repeat(64)}`,
      cards: [{ adapter: 5, queues: [4], zcrypt: [4], vfioAp: [], notPassable: [] }],
      mdevs: [mdev(A, [9], [0x47, 0xab]), mdev('b', [9], [0xab])],
    } as unknown as HostView;
    expect(waysToFree(view, rectangle).map(({ step }) => step)).toEqual([
      `echo 0x47 > /sys/devices/vfio_ap/matrix/${A}/unassign_domain`,
      `echo 0x09 > /sys/devices/vfio_ap/matrix/${A}/unassign_adapter`,
      'echo -0x05 > /sys/bus/ap/apmask',
      'echo -0x04,-0x47 > /sys/bus/ap/aqmask',
    ]);
  });
});
