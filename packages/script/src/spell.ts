/** A command as the line of a script that asks for it: the inverse of `ask`, for the commands of plans. */
import { attributeOf, type Command } from '@apledger/events';

/** The line; undefined for a command that no line of a script asks for. `guest` has the mdev of a StopGuest open. */
export function spell(command: Command, guest: string | null = null): string | undefined {
  switch (command.type) {
    case 'ResetQueue':
      return echo(command.text, `bus/ap/devices/${command.queue}/reset`);
    case 'StartGuest':
      return command.guest === null ? undefined : `guest start ${command.guest} ${command.mdev}`;
    case 'StopGuest':
      return guest === null ? undefined : `guest stop ${guest}`;
    case 'ScanBus':
      return 'scan';
    default: {
      const write = attributeOf(command);
      return write === undefined ? undefined : echo(write.text.trim(), write.file);
    }
  }
}

const echo = (text: string, file: string): string => `echo ${text} > /sys/${file}`;
