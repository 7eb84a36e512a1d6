/**
 * What a fact is about: the mdevs, guests and queues that it concerns, and the words that people see of it.
 *
 * A fact is about the mdev that it names, or that the refused command named; and about a guest that it names, or that has that mdev open.
 * It is about a queue that it names, and about one that comes into a matrix of an mdev by it, or leaves one.
 */
import { type Apqn, apidOf, apqiOf, type ControlledMatrix, EMPTY_MATRIX, has, parseApqn } from '@apledger/ap';
import type { RecordedFact } from '@apledger/event-log';
import { type Fact, InvalidFact, isLedgerFactType, parseFact, UnknownFact } from '@apledger/events';
import type { HostState, Mdev } from '@apledger/host';
import { describeFact, describeRecorded } from '../describe.ts';

/** A recorded fact as it is read today; undefined for one that a newer version wrote, of which only the envelope is known. */
export function factOf({ type, version, data }: RecordedFact): Fact | undefined {
  try {
    return parseFact(type, version, data);
  } catch (error) {
    if (error instanceof UnknownFact || error instanceof InvalidFact) return undefined;
    throw error;
  }
}

/** What people see of a fact: its type, its description and who asked for it. */
export function wordsOf(recorded: RecordedFact, fact: Fact | undefined): string {
  const { type, actor } = recorded;
  const described = fact === undefined ? otherWords(recorded) : describeFact(fact);
  return `${type}${described === '' ? '' : `: ${described}`}\n${actor}`;
}

/** Of facts about the ledger; those of a newer version have none. */
const otherWords = (recorded: RecordedFact): string =>
  isLedgerFactType(recorded.type) ? describeRecorded(recorded) : '';

/** The errno that a command was refused with. */
export const errnoOf = (fact: Fact): string | undefined =>
  fact.type === 'CommandRejected' ? fact.data.errno : undefined;

type Named = { readonly [name: string]: unknown };

/** What the fact says, and what the command was given that it tells of. */
function* partsOf({ data }: Fact): Generator<Named> {
  yield data as Named;
  if ('command' in data) yield data.command as Named;
}

/** The mdev that the fact or its command names, by UUID. */
export function mdevOf(fact: Fact): string | undefined {
  for (const { mdev, type, text } of partsOf(fact)) {
    if (typeof mdev === 'string') return mdev;
    if (type === 'CreateMdev' && typeof text === 'string') return text.trim().toLowerCase();
  }
  return undefined;
}

/** The guests that the fact concerns: that it names, and that has its mdev open. `before` is the host before the fact. */
export function guestsOf(fact: Fact, before: HostState): ReadonlySet<string> {
  const guests = new Set<string>();
  for (const { guest } of partsOf(fact)) if (typeof guest === 'string') guests.add(guest);
  const holder = heldBefore(fact, before)?.guest;
  if (typeof holder === 'string') guests.add(holder);
  return guests;
}

function heldBefore(fact: Fact, before: HostState): Mdev | undefined {
  const mdev = mdevOf(fact);
  return mdev === undefined ? undefined : before.mdevs.get(mdev);
}

/** The queues that the fact or its command names, like 05.0047; in the order in which they stand there. */
export function* queueNamesOf(fact: Fact): Generator<string> {
  for (const { queues, queue, device, conflicts } of partsOf(fact)) {
    if (Array.isArray(queues)) yield* queues as string[];
    if (typeof queue === 'string') yield queue;
    if (typeof device === 'string' && parseApqn(device) !== undefined) yield device;
    if (Array.isArray(conflicts))
      yield* conflicts.map((conflict: { readonly queue: string }) => conflict.queue);
  }
}

/** The matrices of an mdev, of which a fact can change any: what is assigned, what is left of it, what a guest can use. */
export const matricesOf = (mdev: Mdev | undefined): readonly ControlledMatrix[] => [
  mdev?.assigned ?? EMPTY_MATRIX,
  mdev?.guestMatrix ?? EMPTY_MATRIX,
  mdev?.effective ?? EMPTY_MATRIX,
];

const holds = ({ adapters, domains }: ControlledMatrix, queue: Apqn): boolean =>
  has(adapters, apidOf(queue)) && has(domains, apqiOf(queue));

/** Whether the queue came into a matrix of the mdev, or left one, from `before` to `after`. */
export function hasMoved(queue: Apqn, before: Mdev | undefined, after: Mdev | undefined): boolean {
  const now = matricesOf(after);
  return matricesOf(before).some((was, i) => holds(was, queue) !== holds(now[i] ?? EMPTY_MATRIX, queue));
}
