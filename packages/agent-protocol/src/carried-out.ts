/** Which commands an agent can carry out: writes to attributes whose effect can be read back. */
import type { Command, CommandType } from '@apledger/events';

const WRITES: ReadonlySet<CommandType> = new Set([
  'WriteMask',
  'WriteBusAttribute',
  'ConfigureCard',
  'SetOnline',
  'BindQueue',
  'UnbindQueue',
  'ProbeDevice',
  'OverrideDriver',
  'CreateMdev',
  'RemoveMdev',
  'AssignAdapter',
  'UnassignAdapter',
  'AssignDomain',
  'UnassignDomain',
  'AssignControlDomain',
  'UnassignControlDomain',
  'ConfigureMdev',
]);

const REASONS: Readonly<Partial<Record<CommandType, string>>> = {
  ScanBus: 'the kernel scans its bus by itself.',
  ResetQueue: 'nothing shows afterwards whether a queue was reset; write to its reset file there.',
  WriteAttribute: 'nothing shows afterwards whether it worked; write to the file there.',
  LoadModule: 'load modules there, with modprobe.',
  UnloadModule: 'unload modules there, with modprobe -r.',
  RebootHost: 'reboot it there.',
  StartGuest: 'start guests with libvirt, or what runs them there.',
  StopGuest: 'stop guests with libvirt, or what runs them there.',
  AttachMdev: 'give mdevs to guests with libvirt, or what runs them there.',
  DetachMdev: 'take mdevs from guests with libvirt, or what runs them there.',
  ResetGuestDevice: 'only the guest can do that.',
  MigrateGuest: 'migrate guests with libvirt, or what runs them there.',
};

/** Why an agent cannot carry the command out, in words; undefined when it can. */
export function whyNotCarriedOut({ type }: Command): string | undefined {
  if (WRITES.has(type)) return undefined;
  return `${type} cannot be carried out: ${REASONS[type] ?? 'it changes simulated hardware only.'}`;
}
