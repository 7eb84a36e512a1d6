import { expect, it } from 'vitest';
import { addressOf } from './address.ts';
import { titleOf } from './title.ts';

it.each([
  ['/', 'Hosts · apledger'],
  ['/hosts/zlp1', 'Matrix · zlp1 · apledger'],
  ['/hosts/zlp1?at=37', 'Matrix · zlp1 · at position 37 · apledger'],
  [
    '/hosts/zlp1/custody?queue=05.0047&at=2026-11-17T09:14:00Z',
    'Custody of 05.0047 · zlp1 · at 2026-11-17T09:14:00Z · apledger',
  ],
  ['/changes/CHG1', 'Change CHG1 · apledger'],
  ['/nowhere', 'No such page · apledger'],
])('%s is called %s', (url, title) => {
  expect(titleOf(addressOf(url))).toBe(title);
});
