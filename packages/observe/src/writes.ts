/** Files that were written while nothing changed by it. */
import type { Fact, FactType } from '@apledger/events';
import type { Step } from './history.ts';
import { CREATE, type Hint, MATRIX } from './snapshot.ts';

/** What a write to a file makes happen, by the file's name. */
const EFFECTS: Readonly<Record<string, readonly FactType[]>> = {
  apmask: ['MaskChanged'],
  aqmask: ['MaskChanged'],
  scans: ['BusScanned', 'BindingsCompleted'],
  bind: ['QueueBound'],
  unbind: ['QueueUnbound'],
  drivers_probe: ['QueueBound'],
  driver_override: ['DriverOverrideChanged'],
  config: ['CardConfigured', 'CardDeconfigured'],
  online: ['OnlineChanged'],
  create: ['MdevCreated'],
  remove: ['MdevRemoved', 'MdevRemovalBlocked'],
  assign_adapter: ['AdapterAssigned'],
  unassign_adapter: ['AdapterUnassigned'],
  assign_domain: ['DomainAssigned'],
  unassign_domain: ['DomainUnassigned'],
  assign_control_domain: ['ControlDomainAssigned'],
  unassign_control_domain: ['ControlDomainUnassigned'],
  ap_config: [
    'AdapterAssigned',
    'AdapterUnassigned',
    'DomainAssigned',
    'DomainUnassigned',
    'ControlDomainAssigned',
    'ControlDomainUnassigned',
  ],
};

const nameOf = (file: string): string => file.slice(file.lastIndexOf('/') + 1);

/** The mdev whose file it is. */
function mdevOfFile(file: string): string | undefined {
  const [, uuid] = new RegExp(`^${MATRIX}/([0-9a-f-]{36})/`).exec(file) ?? [];
  return uuid;
}

/** True when the facts have what a write to the file makes happen. */
export function isEffect(file: string, facts: readonly Fact[]): boolean {
  const name = nameOf(file);
  const uuid = mdevOfFile(file);
  const types = EFFECTS[name];
  return facts.some(({ type, data }) => {
    if (types === undefined) return type === 'BusAttributeChanged' && data.attribute === name;
    if (!types.includes(type)) return false;
    if (type === 'MaskChanged') return data.mask === name;
    return uuid === undefined || ('mdev' in data && data.mdev === uuid);
  });
}

/** One step for each file that was written to no effect. */
export function withoutEffect(
  hints: readonly Hint[],
  facts: readonly Fact[],
  sentUevents: boolean,
): readonly Step[] {
  const idle = [...new Set(hints.map(({ file }) => file))].filter((file) => !isEffect(file, facts));
  return idle.map((file) => {
    const uuid = mdevOfFile(file);
    return {
      facts: [idleFact(file, idle, sentUevents)],
      files: [file],
      mdevs: uuid === undefined ? [] : [uuid],
      at: hints.find((hint) => hint.file === file)?.at,
      evidence: [],
    };
  });
}

const cut = (text: string): string => text.slice(0, 1000);

function idleFact(file: string, idle: readonly string[], sentUevents: boolean): Fact {
  const name = nameOf(file);
  const folder = file.slice(0, -name.length);
  const back = name.startsWith('un') ? name.slice(2) : `un${name}`;
  if (EFFECTS[back] !== undefined && idle.includes(`${folder}${back}`))
    return incomplete(file, `${back} was written, too: what is the same now may have been another meanwhile`);
  if (sentUevents && (file === CREATE || name === 'remove' || name === 'apmask' || name === 'aqmask'))
    return incomplete(
      file,
      file === CREATE
        ? 'it was written, and the kernel sent uevents: an mdev may have come and gone between two looks'
        : 'it was written, and the kernel sent uevents: what is the same now may have been another meanwhile',
    );
  return { type: 'WriteAttempted', data: { file: cut(file) } };
}

const incomplete = (file: string, reason: string): Fact => ({
  type: 'ObservationIncomplete',
  data: { what: cut(file), reason },
});
