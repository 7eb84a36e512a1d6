/** Why a command was refused, in words: what the kernel says by errno alone, or only into its ring buffer. */
import { type Apqn, apidOf, apqiOf, firstNames, forEachApqn, formatApqn, type Matrix } from '@apledger/ap';
import type { Conflict, Errno } from '@apledger/events';
import { driverOf, type HostState, queueOf } from '@apledger/host';

export interface Refusal {
  readonly errno: Errno;
  /** The reason, one sentence. */
  readonly explanation: string;
  /** What is in the way, and who holds it. */
  readonly conflicts: readonly Conflict[];
  /** What would help, one sentence or a command to type. */
  readonly remedy: string;
}

/** What a rule answers: nothing = done. `blocked` = the writer sleeps, what it asked for is under way. */
export type Outcome = undefined | 'blocked' | Refusal;

/** A refusal names at most this many queues; a full host would have 65,536. */
const MAX_CONFLICTS = 256;

export const refuse = (
  errno: Errno,
  explanation: string,
  remedy: string,
  conflicts: readonly Conflict[] = [],
): Refusal => ({ errno, explanation, conflicts, remedy });

/** The queues of a matrix with their holder. */
export function conflictsOf(matrix: Matrix, holder: (queue: Apqn) => string): Conflict[] {
  const conflicts: Conflict[] = [];
  forEachApqn(matrix, (queue) => {
    if (conflicts.length < MAX_CONFLICTS) conflicts.push({ queue: formatApqn(queue), holder: holder(queue) });
  });
  return conflicts;
}

/** Names at most three queues in a sentence. */
export function nameQueues(conflicts: readonly Conflict[]): string {
  return firstNames(
    conflicts.map(({ queue }) => queue),
    3,
  );
}

/** Who holds a queue that apmask and aqmask reserve for the host. */
export function hostHolder(state: HostState, queue: Apqn): string {
  if (queueOf(state, apidOf(queue), apqiOf(queue)) === undefined)
    return 'the host (reserved by apmask and aqmask; no such queue device yet)';
  const driver = driverOf(state, queue);
  return driver === null ? 'the host (reserved, bound to no driver)' : `the host (bound to ${driver})`;
}

export const noSuchMdev = (uuid: string): Refusal =>
  refuse(
    'ENOENT',
    `There is no mdev ${uuid}.`,
    'Create it: write its UUID to mdev_supported_types/vfio_ap-passthrough/create.',
  );

/** What vfio_ap brings is not there without it. */
export const notLoaded = (): Refusal =>
  refuse('ENOENT', 'The module vfio_ap is not loaded.', 'Load it: modprobe vfio_ap.');

const NUMBER_FORMS = 'Write one number: decimal, 0x and hexadecimal, or 0 and octal.';

/** A write that is no number (driver-rules 1). */
export const badNumber = (errno: 'EINVAL' | 'ERANGE', text: string): Refusal =>
  errno === 'ERANGE'
    ? refuse('ERANGE', `${quoted(text)} is 2^64 or more.`, NUMBER_FORMS)
    : refuse('EINVAL', `${quoted(text)} is not a number.`, NUMBER_FORMS);

/** A written text for a message: quoted, and not longer than a line. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
