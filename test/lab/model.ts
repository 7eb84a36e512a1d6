/** Holds what the real lszcrypt prints in a lab against the model of the host. */
import type { HostState } from '@apledger/host';
import { expect } from 'vitest';
import { busAttributes, domains, listing, type Release, serialNumbers } from './lszcrypt.ts';
import type { Lab } from './support.ts';

/** What lszcrypt has to print. */
const READINGS = {
  lszcrypt: listing,
  'lszcrypt -V': (state: HostState, release: Release) => listing(state, release, { verbose: true }),
  'lszcrypt -s': serialNumbers,
  'lszcrypt -b': busAttributes,
  'lszcrypt -d': domains,
} as const;
type Reading = keyof typeof READINGS;

/** Layouts that are known: of other releases only the fields are compared. */
const isKnown = ([major, minor]: Release): boolean => major === 2 && minor >= 35 && minor <= 43;

/** The release of s390-tools that the lab has. */
export async function releaseOf(lab: Lab): Promise<Release> {
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(await lab.show('lszcrypt --version')) ?? [];
  return [Number(major), Number(minor)];
}

/** What lszcrypt printed, or has to print, in the form that is compared. */
export const comparable = (text: string, release: Release): string =>
  isKnown(release) ? text : text.replace(/^-+$/gm, '').replace(/ +/g, ' ');

/** Fails unless these print the model as it is now; all of them when none is named. */
export async function expectModel(lab: Lab, release: Release, ...named: readonly Reading[]): Promise<void> {
  const state = await lab.state();
  const readings = named.length > 0 ? named : (Object.keys(READINGS) as Reading[]);
  for (const reading of readings) {
    const printed = comparable(await lab.show(reading), release);
    expect(printed, reading).toBe(comparable(READINGS[reading](state, release), release));
  }
}
