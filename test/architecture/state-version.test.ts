/**
 * Kept states of hosts are used only by the version that wrote them. When the states of these histories get other bytes, the layout or
 * the fold has changed: raise STATE_VERSION (packages/host/src/layout.ts) and set the digest here to what is expected.
 */
import { createHash } from 'node:crypto';
import type { Generation } from '@apledger/events';
import { STATE_VERSION } from '@apledger/host';
import { expect, test } from 'vitest';
import { largeHost, Walk } from '../bench/walk.ts';

/** The version, and what the states' bytes are by it. */
const KNOWN = { version: 4, digest: '4e549fcd66ce279870a2f1ed686b4d75da551158c4cbf900fe2b92ef3a167d43' };
const GENERATIONS: readonly Generation[] = ['2019-v2', '6.12', '7.3'];
const STEPS = 600;

test('the version of kept states says what their bytes mean', () => {
  const hash = createHash('sha256');
  for (const generation of GENERATIONS) {
    const walk = new Walk({ ...largeHost(generation), adapters: 6, domains: 20, mdevs: 8 }, 7);
    for (let n = 0; n < STEPS; n++) hash.update(walk.step().before.toBytes());
  }
  expect({ version: STATE_VERSION, digest: hash.digest('hex') }).toEqual(KNOWN);
});
