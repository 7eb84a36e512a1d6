import { decide } from '@apledger/driver';
import type { CommandOf } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
import { expect, it } from 'vitest';
import { leftOut } from './left-out.ts';

it('names no queue that has no driver by the rules: vfio_ap serves no card before the CEX4', () => {
  const state = new HostState();
  const command: CommandOf<'RegisterHost'> = {
    type: 'RegisterHost',
    host: 'h',
    driver: '6.1',
    hardware: {
      ...{ qci: true, apxa: true, maxAdapter: 255, maxDomain: 255 },
      ...{ adapters: [5], domains: [4], controlDomains: [4] },
      cards: [{ adapter: 5, type: 9, mode: 'C', functions: 0 }],
    },
    boot: { apmask: '-5', aqmask: null },
  };
  for (const fact of decide(state, command).facts) evolve(state, fact);
  expect(state.cards.get(5)?.type).toBe(9);
  expect(leftOut(state, 'yaml')).toBeUndefined();
});
