/** What became of a command, from what the kernel answered and from what is there afterwards. Never success by silence. Pure. */
import type { Command, FactOf } from '@apledger/events';
import type { HostState } from '@apledger/host';
import type { WriteAnswer } from '../writer/protocol.ts';
import { foundText, hasNoEffect, isInPlace, refusalOf } from './effect.ts';

export interface Outcome {
  readonly outcome: FactOf<'CommandSettled'>['data']['outcome'];
  /** As the kernel says it: `EBUSY`. */
  readonly errno?: string;
  readonly explanation: string;
  readonly found?: string;
}

/**
 * `before` and `after` are the host as it was seen then; undefined = it could not be looked at. With `isAnothers` the write was that of an
 * agent which has ended: what is in place may be the work of somebody else.
 */
export function judged(
  command: Command,
  answer: WriteAnswer,
  before: HostState | undefined,
  after: HostState | undefined,
  isAnothers = false,
): Outcome {
  const found = after && foundText(after, command);
  const seen = found === undefined ? {} : { found };
  switch (answer.outcome) {
    case 'not-begun':
      return { outcome: 'refused', explanation: `Nothing was written: ${answer.reason}.`, ...seen };
    case 'failed':
      return {
        outcome: 'refused',
        errno: answer.errno,
        explanation: whyRefused(command, answer.errno, before),
        ...seen,
      };
    case 'written':
      return afterWrite(command, before, after, found);
    case 'unknown': {
      const isThere = after !== undefined && isInPlace(after, command);
      if (isThere && !isAnothers)
        return {
          outcome: 'done',
          explanation: `What was asked for is in place, though ${answer.reason}.`,
          ...seen,
        };
      const what = isThere ? 'What was asked for is in place now; it may be the work of somebody else.' : '';
      return { outcome: 'unconfirmed', explanation: `${sentence(answer.reason)} ${what}`.trim(), ...seen };
    }
    default:
      return answer satisfies never;
  }
}

function afterWrite(
  command: Command,
  before: HostState | undefined,
  after: HostState | undefined,
  found: string | undefined,
): Outcome {
  if (after === undefined || found === undefined)
    return {
      outcome: 'unconfirmed',
      explanation: 'The kernel took the write, and the host could not be read back.',
    };
  const isIdle = before !== undefined && hasNoEffect(before, command);
  if (isIdle && (isInPlace(after, command) || hasNoEffect(after, command)))
    return { outcome: 'done', explanation: 'The kernel took the write. It had nothing to change.', found };
  if (!isInPlace(after, command))
    return {
      outcome: 'unconfirmed',
      explanation: 'The kernel took the write, and what was asked for is not there.',
      found,
    };
  const refusal = before && refusalOf(before, command);
  const unlike =
    refusal === undefined
      ? ''
      : ` By the rules it would have been refused (${refusal.errno}): ${refusal.explanation}`;
  return { outcome: 'done', explanation: `Written, and read back.${unlike}`, found };
}

function whyRefused(command: Command, errno: string, before: HostState | undefined): string {
  if (before === undefined) return `The kernel refused the write: ${errno}.`;
  const refusal = refusalOf(before, command);
  if (refusal?.errno === errno) return `${refusal.explanation} ${refusal.remedy}`.trim();
  const byRules =
    refusal === undefined
      ? 'it would be accepted'
      : `it would be refused with ${refusal.errno}: ${refusal.explanation}`;
  return `The kernel refused the write with ${errno}. By the rules of driver ${before.driver} ${byRules}`;
}

const sentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
