/** The file of sysfs that a command writes to: driver-rules 3 to 5. Pure; the one table of these files. */
import { type ControlledMatrix, formatCard, idsOf, type Mask256 } from '@apledger/ap';
import type { Command, CommandType } from './commands.ts';

/** Below the root of sysfs. */
const MDEVS = 'devices/vfio_ap/matrix';

/** The files of an mdev that can be written to, with the command that each is. */
export const MDEV_COMMANDS = {
  assign_adapter: 'AssignAdapter',
  assign_domain: 'AssignDomain',
  assign_control_domain: 'AssignControlDomain',
  unassign_adapter: 'UnassignAdapter',
  unassign_domain: 'UnassignDomain',
  unassign_control_domain: 'UnassignControlDomain',
  ap_config: 'ConfigureMdev',
  remove: 'RemoveMdev',
} as const satisfies Record<string, CommandType>;

export type MdevFile = keyof typeof MDEV_COMMANDS;

const MDEV_FILES = Object.keys(MDEV_COMMANDS) as readonly MdevFile[];

export const isMdevFile = (name: string): name is MdevFile => Object.hasOwn(MDEV_COMMANDS, name);

/** One id of a matrix, and the file that takes it. */
interface Assignment {
  readonly file: 'assign_adapter' | 'assign_domain' | 'assign_control_domain';
  readonly id: number;
}

/** What assigns a matrix where the driver takes no whole one: a write for each id, adapters first. */
export function assignmentsOf({ adapters, domains, controlDomains }: ControlledMatrix): Assignment[] {
  const each = (file: Assignment['file'], mask: Mask256) => idsOf(mask).map((id) => ({ file, id }));
  return [
    ...each('assign_adapter', adapters),
    ...each('assign_domain', domains),
    ...each('assign_control_domain', controlDomains),
  ];
}

export interface AttributeWrite {
  /** Below the root of sysfs: `bus/ap/apmask`. */
  readonly file: string;
  readonly text: string;
  readonly mdev?: string;
}

/** Undefined for a command that no write carries out. */
export function attributeOf(command: Command): AttributeWrite | undefined {
  switch (command.type) {
    case 'WriteMask':
      return at(`bus/ap/${command.mask}`, command.text);
    case 'WriteBusAttribute':
      return at(`bus/ap/${command.attribute}`, command.text);
    case 'BindQueue':
      return at(`bus/ap/drivers/${command.driver}/bind`, command.text);
    case 'UnbindQueue':
      return at(`bus/ap/drivers/${command.driver}/unbind`, command.text);
    case 'ProbeDevice':
      return at('bus/ap/drivers_probe', command.text);
    case 'ConfigureCard':
      return at(`bus/ap/devices/${formatCard(command.adapter)}/config`, command.text);
    case 'SetOnline':
      return at(`bus/ap/devices/${command.device}/online`, command.text);
    case 'OverrideDriver':
      return at(`bus/ap/devices/${command.queue}/driver_override`, command.text);
    case 'CreateMdev':
      return at(`${MDEVS}/mdev_supported_types/vfio_ap-passthrough/create`, command.text);
    default: {
      const file = MDEV_FILES.find((name) => MDEV_COMMANDS[name] === command.type);
      if (file === undefined || !('mdev' in command && 'text' in command)) return undefined;
      return { ...at(`${MDEVS}/${command.mdev}/${file}`, command.text), mdev: command.mdev };
    }
  }
}

const at = (file: string, text: string): AttributeWrite => ({ file, text });

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const DEVICE = '(?:card[0-9a-f]{2}|[0-9a-f]{2}\\.[0-9a-f]{4})';
const WRITABLE = new RegExp(
  `^(?:bus/ap/(?:apmask|aqmask|ap_domain|config_time|poll_thread|poll_timeout|drivers_probe|drivers/[a-z0-9_]{1,32}/(?:un)?bind|devices/${DEVICE}/(?:config|online|driver_override))|${MDEVS}/(?:mdev_supported_types/vfio_ap-passthrough/create|${UUID}/(?:${MDEV_FILES.join('|')})))$`,
);

/** Whether a command can write to that file. */
export const isWritable = (file: string): boolean => WRITABLE.test(file);
