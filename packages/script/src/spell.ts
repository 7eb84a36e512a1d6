/** A command as the line of a script that asks for it: the inverse of `ask`, for the commands of plans. */
import type { Command } from '@apledger/events';

const MATRIX = '/sys/devices/vfio_ap/matrix';
const FILES: Readonly<Partial<Record<Command['type'], string>>> = {
  RemoveMdev: 'remove',
  AssignAdapter: 'assign_adapter',
  UnassignAdapter: 'unassign_adapter',
  AssignDomain: 'assign_domain',
  UnassignDomain: 'unassign_domain',
  AssignControlDomain: 'assign_control_domain',
  UnassignControlDomain: 'unassign_control_domain',
  ConfigureMdev: 'ap_config',
};

/** The line; undefined for a command that no line of a script asks for. `guest` has the mdev of a StopGuest open. */
export function spell(command: Command, guest: string | null = null): string | undefined {
  switch (command.type) {
    case 'WriteMask':
      return echo(command.text, `/sys/bus/ap/${command.mask}`);
    case 'CreateMdev':
      return echo(command.text, `${MATRIX}/mdev_supported_types/vfio_ap-passthrough/create`);
    case 'ResetQueue':
      return echo(command.text, `/sys/bus/ap/devices/${command.queue}/reset`);
    case 'StartGuest':
      return command.guest === null ? undefined : `guest start ${command.guest} ${command.mdev}`;
    case 'StopGuest':
      return guest === null ? undefined : `guest stop ${guest}`;
    case 'ConfigureCard':
      return echo(command.text.trim(), `/sys/devices/ap/card${hex(command.adapter)}/config`);
    case 'ScanBus':
      return 'scan';
    default: {
      const file = FILES[command.type];
      return file !== undefined && 'mdev' in command && 'text' in command
        ? echo(command.text, `${MATRIX}/${command.mdev}/${file}`)
        : undefined;
    }
  }
}

const echo = (text: string, path: string): string => `echo ${text} > ${path}`;
const hex = (id: number): string => id.toString(16).padStart(2, '0');
