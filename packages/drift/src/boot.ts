/** Puts what is kept for the next boot through the driver's rules, in the order of a boot (see index.ts). */
import { formatApqn, formatMask } from '@apledger/ap';
import { type BootSources, commandOf, type ObservedMdev } from '@apledger/capture';
import { decide } from '@apledger/driver';
import type { Command, Errno } from '@apledger/events';
import { driverOf, evolve, HostState } from '@apledger/host';
import type { Now } from './now.ts';

/** Why something does not come up. */
export interface Refused {
  readonly errno: Errno;
  readonly explanation: string;
}

/** Carries a command out on the state; the answer is why not. */
export function give(state: HostState, command: Command): Refused | undefined {
  const { facts, refusal } = decide(state, command);
  for (const fact of facts) evolve(state, fact);
  return refusal && { errno: refusal.errno, explanation: refusal.explanation };
}

/** Whether a reboot loads vfio_ap: something has to, where it is no part of the kernel. Undefined: nobody can say. */
export function loadsVfioAp({ vfioApIsBuiltIn, loaders }: BootSources): boolean | undefined {
  if (loaders.length > 0 || vfioApIsBuiltIn === true) return true;
  return vfioApIsBuiltIn === false ? false : undefined;
}

/** The host when udev is done: hardware, masks and overrides, and no mdevs yet. Taken with vfio_ap where nobody can say. */
export function bootedHost(now: Now, sources: BootSources): HostState {
  const state = new HostState();
  const { parameters, rules, overrides } = sources;
  const boot = { apmask: parameters.apmask?.value ?? null, aqmask: parameters.aqmask?.value ?? null };
  give(state, { ...now.registration, boot });
  for (const command of now.hardware(state)) give(state, command);
  if (loadsVfioAp(sources) === false) give(state, { type: 'UnloadModule', module: 'vfio_ap' });
  for (const { mask, value } of rules) give(state, { type: 'WriteMask', mask, text: formatMask(value) });
  for (const { queue, value } of overrides) {
    // As driverctl does it.
    const text = formatApqn(queue);
    const driver = driverOf(state, queue);
    if (driver !== null) give(state, { type: 'UnbindQueue', driver, text });
    give(state, { type: 'OverrideDriver', queue: text, text: value });
    give(state, { type: 'ProbeDevice', text });
  }
  return state;
}

/**
 * The host once mdevctl has started an mdev: created, then its attributes one by one. When one is refused mdevctl removes the mdev, and
 * the host is what it was; the answer is then why.
 */
export function started(state: HostState, { uuid, writes = [] }: ObservedMdev): HostState | Refused {
  const next = state.fork();
  for (const command of [
    { type: 'CreateMdev', text: uuid } as const,
    ...writes.map((write) => commandOf(uuid, write)),
  ]) {
    const refused = give(next, command);
    if (refused !== undefined) return refused;
  }
  return next;
}

/** Whether the next boot would refuse, instead of giving a host. */
export const isRefused = (outcome: HostState | Refused): outcome is Refused =>
  !(outcome instanceof HostState);
