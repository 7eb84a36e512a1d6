/** After which answer to its last reset a queue may be passed to a guest (driver-rules 6.2, driver-rules-older 6.2 and 12). */
import type { Generation } from '@apledger/events';

const NORMAL = [0];
const DECONFIGURED = 3;
const CHECK_STOPPED = 4;

const passableCodes: Readonly<Record<Generation, readonly number[]>> = {
  // These two never ask: the answer only says whether the adapter is clean.
  '2019-v2': [...NORMAL, DECONFIGURED, CHECK_STOPPED],
  '5.10': NORMAL,
  '6.1': NORMAL,
  // Here the driver notes a deconfigured queue as reset.
  '6.8': [...NORMAL, DECONFIGURED],
  '6.12': [...NORMAL, DECONFIGURED, CHECK_STOPPED],
  '7.3': [...NORMAL, DECONFIGURED, CHECK_STOPPED],
};

export const isPassable = (driver: Generation, resetCode: number): boolean =>
  passableCodes[driver].includes(resetCode);
