/** A host comes up: kernel parameters, the first scan with zcrypt, then vfio_ap is loaded (driver-rules 2, 3). */
import {
  EMPTY_MASK,
  FULL_MASK,
  formatMask,
  type Mask256,
  type NumberOverflow,
  parseBusMask,
} from '@apledger/ap';
import type { CommandOf } from '@apledger/events';
import type { Transaction } from '../transaction.ts';
import { loadVfioAp, scanBus } from './scan.ts';

export function boot(tx: Transaction, command: CommandOf<'RegisterHost'>): undefined {
  const { host, driver, hardware, boot: bootParameters } = command;
  const mask = (text: string | null): string => formatMask(bootMask(text, tx.rules.numberOverflow));
  tx.emit('HostRegistered', {
    host,
    driver,
    hardware,
    apmask: mask(bootParameters.apmask),
    aqmask: mask(bootParameters.aqmask),
    bootParameters,
  });
  scanBus(tx, false);
  loadVfioAp(tx);
}

/** Not given = all ones; given = parsed like the file, but from all zero, and all zero when it cannot be (driver-rules 2). */
function bootMask(text: string | null, overflow: NumberOverflow): Mask256 {
  if (text === null) return FULL_MASK;
  return parseBusMask(text, EMPTY_MASK, overflow) ?? EMPTY_MASK;
}
