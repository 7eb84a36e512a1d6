/** A host comes up: kernel parameters, the first scan with zcrypt, then vfio_ap is loaded (driver-rules 2, 3). */
import { EMPTY_MASK, FULL_MASK, formatMask, type Mask256, parseBusMask } from '@apledger/ap';
import type { CommandOf } from '@apledger/events';
import { rulesOf } from '../generations/index.ts';
import type { Transaction } from '../transaction.ts';
import { loadDriver, scanBus } from './scan.ts';

export function boot(tx: Transaction, command: CommandOf<'RegisterHost'>): undefined {
  const { host, driver, hardware, boot: bootParameters } = command;
  const mask = (text: string | null): string => formatMask(bootMask(text, driver));
  tx.emit('HostRegistered', {
    host,
    driver,
    hardware,
    apmask: mask(bootParameters.apmask),
    aqmask: mask(bootParameters.aqmask),
    bootParameters,
  });
  scanBus(tx, ['cex4queue']);
  loadDriver(tx, 'vfio_ap');
}

/** Not given = all ones; given = parsed like the file, but from all zero, and all zero when it cannot be (driver-rules 2). */
function bootMask(text: string | null, driver: CommandOf<'RegisterHost'>['driver']): Mask256 {
  if (text === null) return FULL_MASK;
  return parseBusMask(text, EMPTY_MASK, rulesOf(driver).numberOverflow) ?? EMPTY_MASK;
}
