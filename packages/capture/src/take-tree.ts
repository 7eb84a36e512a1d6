/** Which files of sysfs are read of a live host, and which must not be touched: for a capture and for an agent alike. */
import { formatApqn, parseApqn, parseCard } from '@apledger/ap';
import { BUS_ATTRIBUTES, MASK_NAMES } from '@apledger/events';
import { KERNEL } from './boot-files.ts';
import { BUS, DEVICES, MDEVS } from './tree-reader.ts';
import { queueCount, shownApConfig, uuidOf } from './values.ts';

/** Reads single files of a live host. What is not there is no problem, what cannot be read is. */
export interface TreeTaker {
  /** The text of a file, which is not kept; undefined when it is not there or cannot be read. */
  read(path: string): string | undefined;
  /** Keeps the file, and gives its text. */
  take(path: string): string | undefined;
  /** Keeps a link as a link. */
  takeLink(path: string): void;
  /** The names in a folder; none when it is not there. */
  names(path: string): readonly string[];
  problem(where: string, what: string): void;
}

const BUS_FILES = [
  ...MASK_NAMES,
  ...BUS_ATTRIBUTES,
  'ap_adapter_mask',
  'ap_control_domain_mask',
  'ap_max_adapter_id',
  'ap_max_domain_id',
  'ap_usage_domain_mask',
  'bindings',
  'bindings_complete_count',
  'features',
  'scans',
];
const CARD_FILES = ['ap_functions', 'chkstop', 'config', 'hwtype', 'online', 'raw_hwtype', 'type'];
/** Not `interrupt` and `ap_functions`: reading them sends instructions to the adapter. Not `mkvps`: it is about keys. */
const QUEUE_FILES = ['chkstop', 'config', 'driver_override', 'online', 'status'];
/** Tells apart two moments: anyone who reads these twice alike has not read in the middle of a change. */
const WITNESSES = [...MASK_NAMES, 'bindings', 'scans'];
export const TREE_TRIES = 5;

/** Rows of a page: above them, kernels that are not known to be repaired write behind it (host memory is damaged by the reader). */
const SAFE_QUEUES = 511;

export interface TreeOptions {
  /** Read `matrix` and `guest_matrix` of mdevs whose size is not known, for want of `ap_config`. */
  readonly readsUnbounded: boolean;
}

/** Takes the AP part of sysfs in, again when it changed meanwhile. */
export function takeTree(taker: TreeTaker, options: TreeOptions): void {
  for (let tries = 1; ; tries++) {
    const before = treeWitness(taker);
    takeBus(taker);
    takeCards(taker);
    takeMdevs(taker, { ...options, isFirst: tries === 1 });
    if (treeWitness(taker) === before) return;
    if (tries < TREE_TRIES) continue;
    taker.problem(
      'sys',
      `changed each time while it was read, ${TREE_TRIES} times: the files may be of different moments`,
    );
    return;
  }
}

/** A text that differs when anything that a command changes has changed. */
export function treeWitness(taker: Pick<TreeTaker, 'read' | 'names'>): string {
  const masks = WITNESSES.map((name) => taker.read(`${BUS}/${name}`));
  const mdevs = mdevsOf(taker).map((uuid) => `${uuid} ${taker.read(`${MDEVS}/${uuid}/ap_config`)}`);
  return [...masks, ...mdevs].join('\n');
}

/** UUIDs of the mdevs that have a folder. */
export const mdevsOf = (taker: Pick<TreeTaker, 'names'>): readonly string[] =>
  taker.names(MDEVS).filter((name) => uuidOf(name) !== undefined);

/** Linux 7.2.13 and 7.3 show no more than a page; the release that first did is not known. */
function isRepaired(kernel: string | undefined): boolean {
  const [, major, minor, patch] = /^([0-9]+)\.([0-9]+)(?:\.([0-9]+))?/.exec(kernel ?? '') ?? [];
  const version = Number(major ?? 0) * 1_000_000 + Number(minor ?? 0) * 1_000 + Number(patch ?? 0);
  return version >= 7_002_013;
}

/** The files of the bus. */
export function takeBus(taker: TreeTaker): void {
  for (const name of BUS_FILES) taker.take(`${BUS}/${name}`);
  // Says that the module is there, also when it has no mdev.
  taker.take(`${MDEVS}/mdev_supported_types/vfio_ap-passthrough/available_instances`);
}

/** The cards, and their queues. */
export function takeCards(taker: TreeTaker): void {
  for (const name of taker.names(DEVICES))
    if (parseCard(name) !== undefined) takeCard(taker, `${DEVICES}/${name}`);
}

function takeCard(taker: TreeTaker, folder: string): void {
  for (const name of CARD_FILES) taker.take(`${folder}/${name}`);
  for (const name of taker.names(folder)) {
    const queue = parseApqn(name);
    if (queue === undefined) continue;
    const place = `${folder}/${formatApqn(queue)}`;
    for (const file of QUEUE_FILES) taker.take(`${place}/${file}`);
    taker.takeLink(`${place}/driver`);
  }
}

export interface MdevOptions extends TreeOptions {
  /** Say what is not read, and why. */
  readonly isFirst: boolean;
}

/** The mdevs and their matrices. */
export function takeMdevs(taker: TreeTaker, options: MdevOptions): void {
  const isSafe = isRepaired(taker.take(KERNEL)?.trim());
  for (const uuid of mdevsOf(taker)) takeMdev(taker, `${MDEVS}/${uuid}`, isSafe, options);
}

/** `ap_config` first: it is short, and says how long the others are. */
function takeMdev(taker: TreeTaker, folder: string, isSafe: boolean, options: MdevOptions): void {
  const config = taker.take(`${folder}/ap_config`);
  // An mdev whose removal waits for its guest has lost these files, and has this link left.
  if (
    taker.take(`${folder}/control_domains`) === undefined &&
    !taker.names(folder).includes('control_domains')
  )
    taker.takeLink(`${folder}/mdev_type`);
  const matrix = config === undefined ? undefined : shownApConfig(config);
  const queues = matrix === undefined ? undefined : queueCount(matrix);
  if (isSafe || (queues === undefined ? options.readsUnbounded : queues <= SAFE_QUEUES)) {
    if (matrix === undefined) taker.take(`${folder}/matrix`);
    taker.take(`${folder}/guest_matrix`);
  } else if (options.isFirst) {
    const why =
      queues === undefined
        ? 'there is no ap_config that says how many queues it has: --unbounded reads them, which is safe up to 511 queues'
        : `it has ${queues} queues`;
    taker.problem(
      folder,
      `matrix and guest_matrix are not read, on this kernel more than ${SAFE_QUEUES} queues damage memory: ${why}`,
    );
  }
}
