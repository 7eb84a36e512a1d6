import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, addressOf, HOST_VIEWS, hrefOf, LOG_VIEWS } from './address.ts';

const word = fc.string({ minLength: 1, maxLength: 20 });
const selection = fc.record(
  {
    at: word,
    cell: word,
    mdev: word,
    queue: word,
    only: word,
    find: word,
    from: word,
    guest: word,
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
  view: fc.constantFrom(...LOG_VIEWS),
  selection,
});
const ofChange = fc.record({
  host: fc.constant(undefined),
  view: fc.constant('changes' as const),
  change: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/),
  selection,
});

describe('an address', () => {
  it('leads back to the place that it was made of', () => {
    fc.assert(
      fc.property(fc.oneof(ofHost, ofAll, ofChange), (place: Address) => {
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
    ['/hosts/%zz', { host: '%zz', view: 'matrix', selection: {} }],
    ['/hosts/zlp1/matrix', { host: 'zlp1', view: 'matrix', selection: {} }],
    ['/hosts?x=1&at=', { host: undefined, view: 'hosts', selection: {} }],
  ])('%s is read as well as it can be', (url, place) => {
    expect(addressOf(url)).toEqual(place);
  });

  it.each([
    ['/hosts/zlp1/nonsense', 'zlp1'],
    ['/hosts/zlp1/facts/1', 'zlp1'],
    ['/nonsense', undefined],
    ['/facts/1', undefined],
    ['/changes/a/b', undefined],
  ])('%s is no place', (url, host) => {
    expect(addressOf(url)).toEqual({ host, view: 'nowhere', selection: {} });
  });
});
