/** What a plan is held to: who has which queues, as one hash. */
import { hash } from 'node:crypto';
import type { HostState } from '@apledger/host';
import { viewOf } from '@apledger/projections/host';
import canonicalize from 'canonicalize';

/** Hexadecimal SHA-256 of the canonical JSON (RFC 8785) of a value. */
export const digestOf = (value: unknown): string => hash('sha256', canonicalize(value) ?? '', 'hex');

/**
 * Hash of a host's generation, masks, queues with their drivers, and mdevs with their matrices and guests. Not in it: revision, position,
 * time, the order in which mdevs were made, and what the last resets answered.
 */
export function matricesDigest(state: HostState): string {
  const view = viewOf(state.name, state);
  if (view === undefined) return digestOf(null);
  const { driver, apmask, aqmask, cards, mdevs } = view;
  return digestOf({
    driver,
    apmask,
    aqmask,
    cards: cards.map(({ notPassable: _, ...card }) => card),
    mdevs: mdevs.map(({ plug: _, ...mdev }) => mdev).sort((a, b) => (a.mdev < b.mdev ? -1 : 1)),
  });
}
