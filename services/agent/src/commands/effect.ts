/** What a write did, by what is there afterwards. Pure. */
import { formatMask, parseApqn } from '@apledger/ap';
import { decide, type Refusal } from '@apledger/driver';
import type { Command } from '@apledger/events';
import { driverOf, type HostState } from '@apledger/host';

/** Whether what the command asks for is so. */
export function isInPlace(state: HostState, command: Command): boolean {
  switch (command.type) {
    case 'CreateMdev':
      return state.mdevs.has(command.text.trim().toLowerCase());
    case 'RemoveMdev':
      return !state.mdevs.has(command.mdev);
    case 'BindQueue':
      return driverOfQueue(state, command.text) === command.driver;
    case 'UnbindQueue':
      return driverOfQueue(state, command.text) !== command.driver;
    case 'ProbeDevice':
      return driverOfQueue(state, command.text) !== null;
    default:
      return hasNoEffect(state, command);
  }
}

/** By the rules, nothing would change by the command. */
export const hasNoEffect = (state: HostState, command: Command): boolean =>
  decide(state, command).facts.some(({ type }) => type === 'CommandHadNoEffect');

/** Why the rules would refuse it; undefined when they would not. */
export const refusalOf = (state: HostState, command: Command): Refusal | undefined =>
  decide(state, command).refusal;

/** What is there of what the command is about, in words. */
export function foundText(state: HostState, command: Command): string {
  switch (command.type) {
    case 'WriteMask':
      return `${command.mask} is ${formatMask(state[command.mask])}`;
    case 'WriteBusAttribute':
      return `${command.attribute} is ${state.attributes[command.attribute]}`;
    case 'CreateMdev':
      return mdevText(state, command.text.trim().toLowerCase());
    case 'BindQueue':
    case 'UnbindQueue':
    case 'ProbeDevice':
      return `queue ${command.text.trim()} has ${driverOfQueue(state, command.text) ?? 'no driver'}`;
    case 'ConfigureCard': {
      const card = state.cards.get(command.adapter);
      return card === undefined
        ? 'the card is not there'
        : `the card is ${card.configured ? '' : 'not '}configured`;
    }
    case 'SetOnline':
    case 'OverrideDriver':
      return `${'device' in command ? command.device : command.queue} is not as asked for`;
    default:
      return 'mdev' in command && command.mdev !== undefined
        ? mdevText(state, command.mdev)
        : 'nothing of it';
  }
}

function mdevText(state: HostState, uuid: string): string {
  const mdev = state.mdevs.get(uuid);
  if (mdev === undefined) return `there is no mdev ${uuid}`;
  const { adapters, domains, controlDomains } = mdev.assigned;
  const shown = [adapters, domains, controlDomains].map(formatMask).join(',');
  return `mdev ${uuid} has ap_config ${shown}${mdev.removing ? ', and its removal waits for the guest' : ''}`;
}

function driverOfQueue(state: HostState, text: string): string | null {
  const queue = parseApqn(text.trim());
  return queue === undefined ? null : driverOf(state, queue);
}
