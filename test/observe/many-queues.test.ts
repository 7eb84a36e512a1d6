/** A host with as many queues as there can be guests for: 20,480 in `npm run test:long`. */
import { describe, expect, it } from 'vitest';
import { sized } from '../support/long.ts';
import { Pair } from './simulated.ts';

const ids = (count: number) => Array.from({ length: count }, (_, id) => id);
const ADAPTERS = sized(32, 256);
const DOMAINS = sized(32, 80);
const MDEV = '11111111-1111-4111-8111-111111111111';

describe(`a host of ${ADAPTERS * DOMAINS} queues`, () => {
  it('is seen whole, and each change of many queues at once', () => {
    const pair = new Pair();
    const hardware = {
      qci: true,
      apxa: true,
      maxAdapter: 255,
      maxDomain: 255,
      controlDomains: [],
      cards: [],
    };
    pair.command({
      type: 'RegisterHost',
      host: 'h',
      driver: '7.3',
      hardware: { ...hardware, adapters: ids(ADAPTERS), domains: ids(DOMAINS) },
      boot: { apmask: null, aqmask: null },
    });
    pair.look();
    pair.command({ type: 'WriteMask', mask: 'apmask', text: `-0-${ADAPTERS / 2 - 1}` });
    const moved = pair.look().flatMap(({ type, data }) => (type === 'QueueBound' ? data.queues : []));
    expect(moved).toHaveLength((ADAPTERS / 2) * DOMAINS);
    pair.command({ type: 'CreateMdev', text: MDEV });
    for (const text of ids(ADAPTERS / 2).map(String))
      pair.command({ type: 'AssignAdapter', mdev: MDEV, text });
    for (const text of ids(DOMAINS).map(String)) pair.command({ type: 'AssignDomain', mdev: MDEV, text });
    expect(pair.look().map(({ type }) => type)).not.toContain('DriftDetected');
    expect(pair.differences()).toEqual([]);
  });
});
