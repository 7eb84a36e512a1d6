/** command -> facts. Pure: the same state and command give the same decision, and nothing else is asked. */
import type { Command, Fact } from '@apledger/events';
import type { HostState } from '@apledger/host';
import { writeAttribute } from './commands/accepted.ts';
import { configureCard, setOnline, writeBusAttribute } from './commands/attributes.ts';
import { boot, rebootHost } from './commands/boot.ts';
import { bindQueue, overrideDriver, probeDevice, unbindQueue } from './commands/devices.ts';
import { closeMdev, migrateGuest, openMdev, resetGuestDevice } from './commands/guest.ts';
import { writeMask } from './commands/masks.ts';
import { assignment, configureMdev, createMdev, removeMdev } from './commands/mdev.ts';
import { loadModule, unloadModule } from './commands/modules.ts';
import { scanBus } from './commands/scan.ts';
import { resetQueue, zeroizeQueues } from './commands/wipes.ts';
import { rulesOf } from './generations/index.ts';
import { type Outcome, type Refusal, refuse } from './refusal.ts';
import { Transaction } from './transaction.ts';

/** What a command does to a host. */
export interface Decision {
  /** In the kernel's order; a refused command ends with CommandRejected, and one that changes nothing is CommandHadNoEffect. */
  readonly facts: readonly Fact[];
  /** Why the writer gets an errno. */
  readonly refusal?: Refusal;
  /** The writer sleeps until the guest closes the mdev (driver-rules 5.6). */
  readonly isBlocked?: true;
}

/**
 * Decides a command against a host, which stays as it is: who has recorded the facts lets them `evolve` it. An unregistered host is a
 * state without facts.
 */
export function decide(state: HostState, command: Command): Decision {
  state.begin();
  try {
    return decideThere(state, command);
  } finally {
    state.rollback();
  }
}

function decideThere(state: HostState, command: Command): Decision {
  if (command.type === 'RegisterHost')
    return state.isRegistered
      ? rejected(command, refuse('EEXIST', `There is a host ${state.name} already.`, 'Use another name.'))
      : decided(command, new Transaction(state, rulesOf(command.driver)), boot);
  if (!state.isRegistered)
    return rejected(command, refuse('ENODEV', 'There is no such host.', 'Register it first.'));
  return decided(command, new Transaction(state, rulesOf(state.driver)), decideOn);
}

function decided<C extends Command>(
  command: C,
  tx: Transaction,
  rule: (tx: Transaction, command: C) => Outcome,
): Decision {
  const outcome = rule(tx, command);
  if (outcome === undefined)
    return { facts: tx.facts.length > 0 ? tx.facts : [{ type: 'CommandHadNoEffect', data: { command } }] };
  if (outcome === 'blocked') return { facts: tx.facts, isBlocked: true };
  return rejected(command, outcome, tx.facts);
}

function rejected(command: Command, refusal: Refusal, facts: readonly Fact[] = []): Decision {
  const data = { command, ...refusal, conflicts: [...refusal.conflicts] };
  return { facts: [...facts, { type: 'CommandRejected', data }], refusal };
}

function decideOn(tx: Transaction, command: Exclude<Command, { type: 'RegisterHost' }>): Outcome {
  switch (command.type) {
    case 'ChangeHardware': {
      const { type: _, ...change } = command;
      return void tx.emit('HardwareChanged', change);
    }
    case 'SetCheckStop': {
      const { type: _, ...change } = command;
      return void tx.emit('CheckStopChanged', change);
    }
    case 'InjectResetFault': {
      const { type: _, ...fault } = command;
      return void tx.emit('ResetFaultInjected', fault);
    }
    case 'ScanBus':
      return scanBus(tx);
    case 'WriteMask':
      return writeMask(tx, command);
    case 'WriteBusAttribute':
      return writeBusAttribute(tx, command);
    case 'ConfigureCard':
      return configureCard(tx, command);
    case 'SetOnline':
      return setOnline(tx, command);
    case 'BindQueue':
      return bindQueue(tx, command);
    case 'UnbindQueue':
      return unbindQueue(tx, command);
    case 'ProbeDevice':
      return probeDevice(tx, command);
    case 'OverrideDriver':
      return overrideDriver(tx, command);
    case 'CreateMdev':
      return createMdev(tx, command);
    case 'RemoveMdev':
      return removeMdev(tx, command);
    case 'ConfigureMdev':
      return configureMdev(tx, command);
    case 'StartGuest':
    case 'AttachMdev':
      return openMdev(tx, command);
    case 'StopGuest':
    case 'DetachMdev':
      return closeMdev(tx, command);
    case 'ResetGuestDevice':
      return resetGuestDevice(tx, command);
    case 'MigrateGuest':
      return migrateGuest(tx, command);
    case 'ResetQueue':
      return resetQueue(tx, command);
    case 'ZeroizeQueues':
      return zeroizeQueues(tx, command);
    case 'WriteAttribute':
      return writeAttribute(tx, command);
    case 'RebootHost':
      return rebootHost(tx);
    case 'LoadModule':
      return loadModule(tx);
    case 'UnloadModule':
      return unloadModule(tx);
    default:
      return assignment(tx, command);
  }
}
