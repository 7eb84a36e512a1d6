/** Writes to apmask and aqmask (driver-rules 3). */
import { andNot, equals, formatApqn, formatMask, parseBusMask } from '@apledger/ap';
import type { CommandOf } from '@apledger/events';
import { type Outcome, quoted, refuse } from '../refusal.ts';
import type { Transaction } from '../transaction.ts';
import { reviseBindings } from './binding.ts';

const MASK_FORMS = 'Write 0x and up to 64 hex digits, or changes like +5,-0x10-0x1f with ids 0 to 255.';

export function writeMask(tx: Transaction, { mask, text }: CommandOf<'WriteMask'>): Outcome {
  const { rules } = tx;
  if (text === '') return undefined;
  const overridden = tx.state.overriddenQueues().map(formatApqn);
  if (overridden.length > 0) {
    return refuse(
      'EINVAL',
      `${mask} cannot change while a queue has a driver_override: ${overridden[0]}.`,
      'Clear it: echo > driver_override of that queue.',
      overridden.map((queue) => ({ queue, holder: 'driver_override' })),
    );
  }
  const before = tx.state[mask];
  const after = parseBusMask(text, before, rules.numberOverflow);
  if (after === undefined) return refuse('EINVAL', `${quoted(text)} is no ${mask}.`, MASK_FORMS);
  if (equals(before, after)) return undefined;
  const refusal = rules.refuseMask(tx.state, mask, andNot(after, before));
  if (refusal !== undefined) return refusal;
  tx.emit('MaskChanged', { mask, value: formatMask(after), written: text });
  reviseBindings(tx);
  return undefined;
}
