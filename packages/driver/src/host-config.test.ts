/** The host gains and loses adapters and domains: driver-rules 6.6. */

import { describe, expect, it } from 'vitest';
import { rulesOf } from './index.ts';
import {
  A,
  assignAdapter,
  assignControlDomain,
  B,
  bind,
  bring,
  checkStop,
  GENERATIONS,
  hardware,
  MAINLINE,
  mdevWith,
  scan,
  start,
  unassignAdapter,
  unassignDomain,
  unbind,
} from './test-support.ts';

describe.each(GENERATIONS)('a scan in %s', (generation) => {
  it('alone notices changes, and counts itself', () => {
    const host = bring(generation).does(hardware({ adapters: [4, 5] }));
    expect(host.driver('06.0004')).toBe('vfio_ap');
    host.does(scan);
    expect(host.driver('06.0004')).toBeUndefined();
    expect(host.state.cards.has(6)).toBe(false);
    expect(host.state.scans).toBe(2);
  });

  it('removes queues in the order of their registration, then the card', () => {
    const host = bring(generation).does(hardware({ adapters: [4, 5] }), scan);
    expect(host.facts('QueueRemoved').flatMap(({ queues }) => queues)).toEqual(['06.0004', '06.0047']);
    expect(host.story.indexOf('CardRemoved')).toBeGreaterThan(host.story.lastIndexOf('QueueRemoved'));
  });

  it('finds a card of another type anew, and none that is too old for it', () => {
    const host = bring(generation).does(hardware({ cards: [{ adapter: 5, type: 12, mode: 'P' }] }), scan);
    expect(host.state.cards.get(5)?.type).toBe(12);
    expect(host.driver('05.0004')).toBe('vfio_ap');
    const tooOld = rulesOf(generation).servedTypes.oldest - 1;
    host.does(hardware({ cards: [{ adapter: 5, type: tooOld, mode: 'C' }] }), scan);
    expect(host.state.cards.has(5)).toBe(false);
    expect(
      host.does(hardware({ cards: [{ adapter: 5, type: 0, mode: 'C' }] }), scan).state.cards.has(5),
    ).toBe(false);
  });

  it('notices a check-stop on card and queues, where there is a flag for it', () => {
    const host = bring(generation).does(checkStop(5));
    expect(host.state.cards.get(5)?.checkStopped).toBe(false);
    host.does(scan);
    const { noticesCheckStop } = rulesOf(generation);
    expect(host.state.cards.get(5)?.queues.get(4)?.checkStopped).toBe(noticesCheckStop);
  });

  it('says once that all queues have a driver, and again after the next probe', () => {
    const host = bring(generation).does(scan);
    expect(host.facts('BindingsCompleted')).toEqual([]);
    host.does(unbind('05.0004'), bind('05.0004'), scan);
    expect(host.facts('BindingsCompleted')).toHaveLength(rulesOf(generation).announcesBindings ? 1 : 0);
    expect(host.does(unbind('05.0004'), scan).facts('BindingsCompleted')).toEqual([]);
  });
});

describe.each(MAINLINE)('what the host loses in %s', (generation) => {
  it('is taken from the guest before any device is touched, without reset by vfio_ap', () => {
    const host = bring(generation).does(
      ...mdevWith(A, [5, 6], [4]),
      start(A),
      hardware({ adapters: [4, 5] }),
      scan,
    );
    expect(host.story.slice(0, 2)).toEqual(['HostConfigChanged', 'GuestMatrixChanged']);
    expect(host.usable(A)).toEqual(['05.0004']);
    expect(host.matrix(A)).toEqual(['05.0004', '06.0004']);
    expect(host.resets).toEqual([]);
  });

  it('only the domain goes when a domain goes: its adapters stay', () => {
    const host = bring(generation).does(
      ...mdevWith(A, [5], [4, 0x47]),
      start(A),
      hardware({ domains: [4] }),
      scan,
    );
    expect(host.usable(A)).toEqual(['05.0004']);
    expect(host.facts('GuestMatrixChanged')).toHaveLength(1);
  });

  it('never brings anything back: an adapter kept out by that domain stays out', () => {
    const host = bring(generation).does(...mdevWith(A, [5, 6], [4, 0x47]), unbind('05.0047'), start(A));
    host.does(hardware({ domains: [4] }), scan);
    expect(host.usable(A)).toEqual(['06.0004']);
    expect(host.does(...unassignAdapter(A, 6), ...assignAdapter(A, 6)).usable(A)).toEqual([
      '05.0004',
      '06.0004',
    ]);
  });

  it('can leave domains behind: lines like .0004', () => {
    const host = bring(generation).does(
      ...mdevWith(A, [5], [4]),
      start(A),
      hardware({ adapters: [4] }),
      scan,
    );
    expect(host.usable(A)).toEqual(['.0004']);
  });
});

describe.each(MAINLINE)('what the host gains in %s', (generation) => {
  it('reaches the guest in one update at the end of the scan', () => {
    const host = bring(generation, { adapters: [4, 5] }).does(...mdevWith(A, [5, 6], [4]), start(A));
    expect(host.usable(A)).toEqual(['05.0004']);
    host.does(hardware({ adapters: [4, 5, 6] }), scan);
    expect(host.facts('GuestMatrixChanged')).toHaveLength(1);
    expect(host.story.indexOf('GuestMatrixChanged')).toBeGreaterThan(host.story.lastIndexOf('QueueBound'));
    expect(host.usable(A)).toEqual(['05.0004', '06.0004']);
  });

  it('brings back what became eligible meanwhile', () => {
    const host = bring(generation, { domains: [4] }).does(...mdevWith(A, [5], [4, 0x47]), start(A));
    expect(host.usable(A)).toEqual(['05.0004']);
    host.does(hardware({ domains: [4, 0x47] }), scan);
    expect(host.usable(A)).toEqual(['05.0004', '05.0047']);
  });

  it('is no reason to refilter an mdev that has nothing of it', () => {
    const host = bring(generation, { adapters: [4, 5] }).does(
      ...mdevWith(A, [5], [4]),
      ...mdevWith(B, [6], [4]),
      start(A),
    );
    host.does(hardware({ adapters: [4, 5, 6] }), scan);
    expect(host.facts('GuestMatrixChanged').map(({ mdev }) => mdev)).toEqual([B]);
  });

  it('control domains alone do not keep queues from being plugged in during the scan', () => {
    const host = bring(generation).does(...mdevWith(A, [5], [4]), ...assignControlDomain(A, 9), start(A));
    host.does(hardware({ controlDomains: [9], cards: [{ adapter: 5, type: 13, mode: 'C' }] }), scan);
    expect(host.usable(A)).toEqual(['05.0004']);
    expect(host.guestControlDomains(A)).toEqual([9]);
    expect(host.story.indexOf('GuestMatrixChanged', host.story.indexOf('QueueBound'))).toBeLessThan(
      host.story.indexOf('BusScanned'),
    );
  });

  /** Adapter 5 would be eligible again, but nothing has refiltered; adapter 6, a CEX3, is about to come. */
  const beforeCex3 = () =>
    bring(generation, { adapters: [4, 5], cards: [{ adapter: 6, type: 9, mode: 'C' }] }).does(
      ...mdevWith(A, [5, 6], [4, 0x47]),
      unbind('05.0047'),
      ...unassignDomain(A, 0x47),
      start(A),
    );

  it('an adapter too old to be used causes a refilter all the same when no domain came with it', () => {
    const host = beforeCex3();
    expect(host.usable(A)).toEqual(['.0004']);
    host.does(hardware({ adapters: [4, 5, 6] }), scan);
    expect(host.state.cards.has(6)).toBe(false);
    expect(host.usable(A)).toEqual(['05.0004']);
  });

  it('an adapter too old to be used is forgotten when a domain came with it', () => {
    const host = beforeCex3().does(hardware({ adapters: [4, 5, 6], domains: [4, 9, 0x47] }), scan);
    expect(host.usable(A)).toEqual(['.0004']);
  });
});

describe('what a 2019-v2 host loses and gains', () => {
  it('is seen only as unbinding and binding of queues', () => {
    const host = bring('2019-v2').does(
      ...mdevWith(A, [5, 6], [4, 0x47]),
      start(A),
      hardware({ domains: [4] }),
      scan,
    );
    // The queues of 0x47 left: each took its adapter along, the domain stays in the guest.
    expect(host.usable(A)).toEqual(['.0004', '.0047']);
    host.does(hardware({ domains: [4, 0x47] }), scan);
    expect(host.usable(A)).toEqual(['05.0004', '05.0047', '06.0004', '06.0047']);
  });

  it('needs no QCI', () => {
    const host = bring('2019-v2', { qci: false, adapters: [5], domains: [4] }).does(
      ...mdevWith(A, [5], [4]),
      start(A),
    );
    expect(host.usable(A)).toEqual(['05.0004']);
  });
});

describe.each(MAINLINE)('without QCI or APXA in %s', (generation) => {
  it('the guestMatrix is always empty without QCI', () => {
    const host = bring(generation, { qci: false, domains: [4] }).does(...mdevWith(A, [5], [4]), start(A));
    expect([host.matrix(A), host.guestMatrix(A)]).toEqual([['05.0004'], []]);
  });

  it('only 64 adapters and 16 domains reach the guest without APXA', () => {
    const host = bring(generation, {
      apxa: false,
      apmask: '',
      adapters: [5],
      domains: [4],
      controlDomains: [4],
    });
    host.does(...mdevWith(A, [5], [4]), ...assignControlDomain(A, 4), start(A));
    expect(host.usable(A)).toEqual(['05.0004']);
  });
});
