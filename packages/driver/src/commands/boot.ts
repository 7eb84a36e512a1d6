/** A host comes up: kernel parameters, the first scan with zcrypt, then vfio_ap is loaded (driver-rules 2, 3). */
import {
  EMPTY_MASK,
  FULL_MASK,
  formatMask,
  type Mask256,
  type NumberOverflow,
  parseBusMask,
} from '@apledger/ap';
import type { CommandOf, Fact } from '@apledger/events';
import { evolve } from '../evolve.ts';
import { rulesOf } from '../generations/index.ts';
import type { HostState } from '../state.ts';
import { Transaction } from '../transaction.ts';
import { loadVfioAp, scanBus } from './scan.ts';

/** The facts of a host's start, and the state after them. */
export function boot(command: CommandOf<'RegisterHost'>): {
  readonly facts: readonly Fact[];
  readonly state: HostState;
} {
  const { host, driver, hardware, boot: bootParameters } = command;
  const rules = rulesOf(driver);
  const mask = (text: string | null): string => formatMask(bootMask(text, rules.numberOverflow));
  const registered: Fact = {
    type: 'HostRegistered',
    data: {
      host,
      driver,
      hardware,
      apmask: mask(bootParameters.apmask),
      aqmask: mask(bootParameters.aqmask),
      bootParameters,
    },
  };
  const tx = new Transaction(evolve(undefined, registered), rules);
  scanBus(tx, false);
  loadVfioAp(tx);
  return { facts: [registered, ...tx.facts], state: tx.state };
}

/** Not given = all ones; given = parsed like the file, but from all zero, and all zero when it cannot be (driver-rules 2). */
function bootMask(text: string | null, overflow: NumberOverflow): Mask256 {
  if (text === null) return FULL_MASK;
  return parseBusMask(text, EMPTY_MASK, overflow) ?? EMPTY_MASK;
}
