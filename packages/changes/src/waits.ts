/** Waits of a plan: whether one is over, whom it waits for, and what has to happen meanwhile. */
import { type Apqn, apidOf, apqiOf, formatApqn, matrixHas, parseApqns } from '@apledger/ap';
import type { Command, Wait } from '@apledger/events';
import { type HostState, isOpen, queueOf } from '@apledger/host';

/** Whether what the plan waits for is so. */
export const isOver = (state: HostState, wait: Wait): boolean => waitsOn(state, wait).length === 0;

/** Of each that is waited for, who or what is in the way; empty when nothing is. */
export function waitsOn(state: HostState, wait: Wait): readonly string[] {
  switch (wait.for) {
    case 'guest-stopped':
    case 'guest-migrated': {
      const mdev = state.mdevs.get(wait.mdev);
      if (mdev === undefined || !isOpen(mdev)) return [];
      return [`${holderOf(mdev.guest, mdev.uuid)} has mdev ${wait.mdev} open`];
    }
    case 'queues-free':
      return parseApqns(wait.queues).flatMap((queue) => {
        const holder = userOf(state, queue);
        return holder === undefined ? [] : [`${formatApqn(queue)}: ${holder}`];
      });
    case 'queues-reset':
      return parseApqns(wait.queues).flatMap((queue) => {
        const holder = userOf(state, queue);
        if (holder !== undefined) return [`${formatApqn(queue)}: ${holder}`];
        const code = codeOf(state, queue);
        return code === 0
          ? []
          : [`${formatApqn(queue)}: reset answered ${code.toString(16).padStart(2, '0')}`];
      });
  }
}

/** What is foreseen to happen while the plan waits: what the ones that it waits for do. */
export function meanwhile(state: HostState, wait: Wait): readonly Command[] {
  if (isOver(state, wait)) return [];
  switch (wait.for) {
    case 'guest-stopped':
      return [{ type: 'StopGuest', mdev: wait.mdev }];
    case 'guest-migrated':
      // A guest that has moved away lets go of the mdev by that.
      return [{ type: 'MigrateGuest', mdev: wait.mdev }];
    case 'queues-free':
      return [...usersOf(state, parseApqns(wait.queues))].map((mdev) => ({ type: 'StopGuest', mdev }));
    case 'queues-reset':
      return parseApqns(wait.queues).flatMap((queue): Command[] =>
        codeOf(state, queue) !== 0 ? [{ type: 'ResetQueue', queue: formatApqn(queue), text: '1' }] : [],
      );
  }
}

const holderOf = (guest: string | null, mdev: string): string =>
  guest === null ? `who has mdev ${mdev} open` : `guest ${guest}`;

/** The guest that can use the queue. */
export function userOf(state: HostState, queue: Apqn): string | undefined {
  for (const { uuid, guest, effective } of state.mdevs.values())
    if (effective !== null && matrixHas(effective, apidOf(queue), apqiOf(queue)))
      return holderOf(guest, uuid);
  return undefined;
}

function usersOf(state: HostState, queues: readonly Apqn[]): ReadonlySet<string> {
  const users = new Set<string>();
  for (const { uuid, effective } of state.mdevs.values())
    if (effective !== null && queues.some((queue) => matrixHas(effective, apidOf(queue), apqiOf(queue))))
      users.add(uuid);
  return users;
}

/** What the queue's last reset answered, where it is not 00; a queue that is not there needs none. */
const codeOf = (state: HostState, queue: Apqn): number =>
  queueOf(state, apidOf(queue), apqiOf(queue))?.resetCode ?? 0;
