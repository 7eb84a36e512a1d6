/** The attribute that a command writes to, and how long the kernel may take (host-facts 6). Pure. */
import type { Command } from '@apledger/events';

export interface AttributeWrite {
  /** Below the root of sysfs. */
  readonly file: string;
  readonly text: string;
  readonly timeoutMs: number;
  readonly mdev?: string;
}

const MATRIX = 'devices/vfio_ap/matrix';
/** A reset takes 20 ms a queue at least, and other writers may hold the lock. */
const ASSIGN_MS = 10_000;
/** A mask can move all queues of the machine. */
const MASK_MS = 120_000;

const MDEV_FILES = {
  RemoveMdev: 'remove',
  AssignAdapter: 'assign_adapter',
  UnassignAdapter: 'unassign_adapter',
  AssignDomain: 'assign_domain',
  UnassignDomain: 'unassign_domain',
  AssignControlDomain: 'assign_control_domain',
  UnassignControlDomain: 'unassign_control_domain',
  ConfigureMdev: 'ap_config',
} as const;

/** Undefined for a command that no write carries out. */
export function attributeOf(command: Command): AttributeWrite | undefined {
  switch (command.type) {
    case 'WriteMask':
      return at(`bus/ap/${command.mask}`, command.text, MASK_MS);
    case 'WriteBusAttribute':
      return at(`bus/ap/${command.attribute}`, command.text);
    case 'BindQueue':
      return at(`bus/ap/drivers/${command.driver}/bind`, command.text);
    case 'UnbindQueue':
      return at(`bus/ap/drivers/${command.driver}/unbind`, command.text);
    case 'ProbeDevice':
      return at('bus/ap/drivers_probe', command.text);
    case 'ConfigureCard':
      return at(`bus/ap/devices/card${hex(command.adapter)}/config`, command.text, MASK_MS);
    case 'SetOnline':
      return at(`bus/ap/devices/${command.device}/online`, command.text);
    case 'OverrideDriver':
      return at(`bus/ap/devices/${command.queue}/driver_override`, command.text);
    case 'CreateMdev':
      return at(`${MATRIX}/mdev_supported_types/vfio_ap-passthrough/create`, command.text);
    case 'RemoveMdev':
    case 'AssignAdapter':
    case 'UnassignAdapter':
    case 'AssignDomain':
    case 'UnassignDomain':
    case 'AssignControlDomain':
    case 'UnassignControlDomain':
    case 'ConfigureMdev': {
      const { mdev, text } = command;
      return { ...at(`${MATRIX}/${mdev}/${MDEV_FILES[command.type]}`, text), mdev };
    }
    default:
      return undefined;
  }
}

const at = (file: string, text: string, timeoutMs = ASSIGN_MS): AttributeWrite => ({ file, text, timeoutMs });
const hex = (id: number): string => id.toString(16).padStart(2, '0');

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const DEVICE = '(?:card[0-9a-f]{2}|[0-9a-f]{2}\\.[0-9a-f]{4})';
/** Every file that a command can write to: the writer writes to no other one. */
const WRITABLE = new RegExp(
  `^(?:bus/ap/(?:apmask|aqmask|ap_domain|config_time|poll_thread|poll_timeout|drivers_probe|drivers/[a-z0-9_]{1,32}/(?:un)?bind|devices/${DEVICE}/(?:config|online|driver_override))|${MATRIX}/(?:mdev_supported_types/vfio_ap-passthrough/create|${UUID}/(?:${Object.values(MDEV_FILES).join('|')})))$`,
);

export const isWritable = (file: string): boolean => WRITABLE.test(file);
