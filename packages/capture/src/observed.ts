/** What files of a real host say about it: plain data. What no file says is undefined, never a guess. */
import type { Apqn, ControlledMatrix, Mask256, Matrix } from '@apledger/ap';
import type { BusAttribute, CardMode, MaskName } from '@apledger/events';

/** Something that a file does not say, or says in a way that is not understood. */
export interface Problem {
  /** The file, and the place in it where that is known: `sys/bus/ap/apmask`, `41-ap.rules, line 3`. */
  readonly where: string;
  readonly what: string;
}

export interface ObservedCard {
  readonly adapter: number;
  /** Hardware type as the kernel counts them: 14 = CEX8. */
  readonly type?: number | undefined;
  readonly mode?: CardMode | undefined;
  /** Facility bits. */
  readonly functions?: number | undefined;
  readonly configured?: boolean | undefined;
  readonly checkStopped?: boolean | undefined;
  readonly online?: boolean | undefined;
}

export interface ObservedQueue {
  readonly queue: Apqn;
  /** The driver that has it; null = none; undefined = the file does not say. */
  readonly driver?: string | null | undefined;
  readonly configured?: boolean | undefined;
  readonly checkStopped?: boolean | undefined;
  readonly online?: boolean | undefined;
  /** `in use`, `assigned`, `unassigned` of a queue that vfio_ap has. */
  readonly status?: string | undefined;
  readonly driverOverride?: string | undefined;
}

/** One write to a file of an mdev, as mdevctl keeps it: how the value is read is a rule of the driver. */
export interface MdevWrite {
  readonly attribute: string;
  readonly value: string;
}

export interface ObservedMdev {
  readonly uuid: string;
  /** The matrix that it has. Undefined for a definition, which has `writes`, and where the matrix could not be read. */
  readonly assigned?: ControlledMatrix | undefined;
  readonly writes?: readonly MdevWrite[] | undefined;
  /** What is left of it for a guest; undefined when the file was not there or was not read. */
  readonly guestMatrix?: Matrix | undefined;
  /** Its removal waits until its guest lets go of it: it has no matrix any more. */
  readonly removing?: boolean | undefined;
  /** Of a definition: `auto` is started at every boot, `manual` by hand. */
  readonly start?: string | undefined;
}

export interface ObservedGuest {
  readonly name: string;
  readonly mdev: string;
}

export interface ObservedHost {
  /** `6.12.0-55-generic`. */
  readonly kernel?: string | undefined;
  /** Optional files of the driver that are there (true) or not there (false) where they would be: they tell its generation. */
  readonly files: Readonly<Record<string, boolean>>;
  /** Kernel parameters as they are written. */
  readonly boot: Readonly<Partial<Record<MaskName, string>>>;
  /** The masks as they are now. */
  readonly masks: Readonly<Partial<Record<MaskName, Mask256>>>;
  /** Masks that chzdev keeps for the next boot. */
  readonly kept: Readonly<Partial<Record<MaskName, Mask256>>>;
  /** The host configuration (QCI); null = the machine has no QCI. */
  readonly config?: ControlledMatrix | null | undefined;
  readonly apxa?: boolean | undefined;
  readonly maxAdapter?: number | undefined;
  readonly maxDomain?: number | undefined;
  readonly attributes: Readonly<Partial<Record<BusAttribute, string>>>;
  /** Scans of the bus, and how often it found all queues bound, since the boot. */
  readonly scans?: number | undefined;
  readonly bindingsCompleted?: number | undefined;
  readonly vfioApLoaded?: boolean | undefined;
  readonly cards: readonly ObservedCard[];
  readonly queues: readonly ObservedQueue[];
  /** The mdevs that there are; undefined when no file says so. */
  readonly mdevs?: readonly ObservedMdev[] | undefined;
  /** The mdevs that mdevctl would make. */
  readonly definitions: readonly ObservedMdev[];
  /** Undefined when nobody looked for guests. */
  readonly guests?: readonly ObservedGuest[] | undefined;
}

export const NOTHING: ObservedHost = {
  files: {},
  boot: {},
  masks: {},
  kept: {},
  attributes: {},
  cards: [],
  queues: [],
  definitions: [],
};

/** What one file says, and what in it was not understood. */
export interface Reading {
  readonly host: ObservedHost;
  readonly problems: readonly Problem[];
}

/** The file is not what it has to be: nothing can be taken from it. The message names the place and the reason. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/** What several files say of one host. What an earlier file says stands; a card that two files know has the fields of both. */
export function merged(hosts: readonly ObservedHost[]): ObservedHost {
  return hosts.reduce(merge, NOTHING);
}

function merge(a: ObservedHost, b: ObservedHost): ObservedHost {
  return {
    ...defined(b),
    ...defined(a),
    files: { ...b.files, ...a.files },
    boot: { ...b.boot, ...a.boot },
    masks: { ...b.masks, ...a.masks },
    kept: { ...b.kept, ...a.kept },
    attributes: { ...b.attributes, ...a.attributes },
    cards: unite(a.cards, b.cards, ({ adapter }) => adapter),
    queues: unite(a.queues, b.queues, ({ queue }) => queue),
    definitions: unite(a.definitions, b.definitions, ({ uuid }) => uuid),
  };
}

function unite<T extends object, K extends number | string>(
  first: readonly T[],
  second: readonly T[],
  key: (item: T) => K,
): readonly T[] {
  const items = new Map<K, T>();
  for (const item of [...first, ...second])
    items.set(key(item), { ...defined(item), ...defined(items.get(key(item)) ?? item) });
  return [...items.values()];
}

/** The fields that have a value. */
const defined = <T extends object>(item: T): T =>
  Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined)) as T;
