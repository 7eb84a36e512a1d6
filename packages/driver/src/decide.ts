/** command -> facts. Pure: the same state and command give the same decision, and nothing else is asked. */
import type { Command, Fact } from '@apledger/events';
import { configureCard, setOnline, writeBusAttribute } from './commands/attributes.ts';
import { boot } from './commands/boot.ts';
import { bindQueue, overrideDriver, probeDevice, unbindQueue } from './commands/devices.ts';
import { migrateGuest, resetGuestDevice, startGuest, stopGuest } from './commands/guest.ts';
import { writeMask } from './commands/masks.ts';
import { assignment, configureMdev, createMdev, removeMdev } from './commands/mdev.ts';
import { scanBus } from './commands/scan.ts';
import { rulesOf } from './generations/index.ts';
import { type Outcome, type Refusal, refuse } from './refusal.ts';
import type { HostState } from './state.ts';
import { Transaction } from './transaction.ts';

/** What a command does to a host. */
export interface Decision {
  /** In the kernel's order; a refused command ends with CommandRejected. Empty = nothing changes. */
  readonly facts: readonly Fact[];
  /** The state after the facts; undefined while the host is not registered. */
  readonly state: HostState | undefined;
  /** Why the writer gets an errno. */
  readonly refusal?: Refusal;
  /** The writer sleeps until the guest closes the mdev (driver-rules 5.6). */
  readonly isBlocked?: true;
}

/** Decides a command against a host; `state` is undefined while the host is not registered. */
export function decide(state: HostState | undefined, command: Command): Decision {
  if (command.type === 'RegisterHost') {
    return state === undefined
      ? boot(command)
      : rejected(
          state,
          [],
          command,
          refuse('EEXIST', `There is a host ${state.name} already.`, 'Use another name.'),
        );
  }
  if (state === undefined)
    return rejected(state, [], command, refuse('ENODEV', 'There is no such host.', 'Register it first.'));
  const tx = new Transaction(state, rulesOf(state.driver));
  const outcome = decideOn(tx, command);
  if (outcome === undefined) return { facts: tx.facts, state: tx.state };
  if (outcome === 'blocked') return { facts: tx.facts, state: tx.state, isBlocked: true };
  return rejected(tx.state, tx.facts, command, outcome);
}

function rejected(
  state: HostState | undefined,
  facts: readonly Fact[],
  command: Command,
  refusal: Refusal,
): Decision {
  const rejection: Fact = {
    type: 'CommandRejected',
    data: { command, ...refusal, conflicts: [...refusal.conflicts] },
  };
  return { facts: [...facts, rejection], state, refusal };
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
      return startGuest(tx, command);
    case 'StopGuest':
      return stopGuest(tx, command);
    case 'ResetGuestDevice':
      return resetGuestDevice(tx, command);
    case 'MigrateGuest':
      return migrateGuest(tx, command);
    default:
      return assignment(tx, command);
  }
}
