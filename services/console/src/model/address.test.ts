import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, addressOf, HOST_VIEWS, hrefOf } from './address.ts';

const word = fc.string({ minLength: 1, maxLength: 20 });
const selection = fc.record(
  {
    at: word,
    cell: word,
    mdev: word,
    queue: word,
    only: word,
    find: word,
    steps: word,
    axes: word,
    as: word,
  },
  { requiredKeys: [] },
);
const ofHost = fc.record({
  host: fc.stringMatching(/^[A-Za-z0-9](?:\.?[A-Za-z0-9_-]){0,30}$/),
  view: fc.constantFrom(...HOST_VIEWS),
  selection,
});
const ofAll = fc.record({
  host: fc.constant(undefined),
  view: fc.constantFrom('hosts' as const, 'facts' as const),
  selection,
});

describe('an address', () => {
  it('leads back to the place that it was made of', () => {
    fc.assert(
      fc.property(fc.oneof(ofHost, ofAll), (place: Address) => {
        expect(addressOf(hrefOf(place))).toEqual(place);
      }),
    );
  });

  it('reads as one would write it', () => {
    const at = { at: '2026-11-17T09:14:00Z', cell: '05.0047' };
    expect(hrefOf({ host: 'zlp1', view: 'matrix', selection: at })).toBe(
      '/hosts/zlp1?at=2026-11-17T09:14:00Z&cell=05.0047',
    );
    expect(hrefOf({ host: undefined, view: 'hosts', selection: {} })).toBe('/');
  });

  it.each([
    ['/hosts/zlp1/nonsense', { host: 'zlp1', view: 'matrix', selection: {} }],
    ['/nonsense', { host: undefined, view: 'hosts', selection: {} }],
    ['/hosts/%zz', { host: '%zz', view: 'matrix', selection: {} }],
    ['/hosts?x=1&at=', { host: undefined, view: 'hosts', selection: {} }],
  ])('%s is the nearest place above', (url, place) => {
    expect(addressOf(url)).toEqual(place);
  });
});
