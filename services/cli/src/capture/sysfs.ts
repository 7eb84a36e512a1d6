/** Which files of sysfs a capture takes, and which it must not touch. */
import { formatApqn, parseApqn, parseCard } from '@apledger/ap';
import { BUS, DEVICES, KERNEL, MDEVS, queueCount, shownApConfig, uuidOf } from '@apledger/capture';
import type { Collector } from '@apledger/capture/collect';

const BUS_FILES = [
  'ap_adapter_mask',
  'ap_control_domain_mask',
  'ap_domain',
  'ap_max_adapter_id',
  'ap_max_domain_id',
  'ap_usage_domain_mask',
  'apmask',
  'aqmask',
  'bindings',
  'bindings_complete_count',
  'config_time',
  'features',
  'poll_thread',
  'poll_timeout',
  'scans',
];
const CARD_FILES = ['ap_functions', 'chkstop', 'config', 'hwtype', 'online', 'raw_hwtype', 'type'];
/** Not `interrupt` and `ap_functions`: reading them sends instructions to the adapter. Not `mkvps`: it is about keys. */
const QUEUE_FILES = ['chkstop', 'config', 'driver_override', 'online', 'status'];
/** Tells apart two moments: whoever reads these twice alike has not read in the middle of a change. */
const WITNESSES = ['apmask', 'aqmask', 'bindings', 'scans'];
const TRIES = 5;

/** Rows of a page: above them, kernels that are not known to be repaired write behind it (host memory is damaged by the reader). */
const SAFE_QUEUES = 511;

export interface TreeOptions {
  /** Read `matrix` and `guest_matrix` of mdevs whose size is not known, for want of `ap_config`. */
  readonly readsUnbounded: boolean;
}

/** Takes the AP part of sysfs in, again when it changed meanwhile. */
export function takeTree(collector: Collector, options: TreeOptions): void {
  const kernel = collector.take(KERNEL)?.trim();
  for (let tries = 1; ; tries++) {
    const before = witness(collector);
    takeOnce(collector, isRepaired(kernel), options, tries === 1);
    if (witness(collector) === before) return;
    if (tries < TRIES) continue;
    collector.problem(
      'sys',
      `changed each time while it was read, ${TRIES} times: the files may be of different moments`,
    );
    return;
  }
}

function witness(collector: Collector): string {
  const masks = WITNESSES.map((name) => collector.read(`${BUS}/${name}`));
  const mdevs = mdevsOf(collector).map((uuid) => `${uuid} ${collector.read(`${MDEVS}/${uuid}/ap_config`)}`);
  return [...masks, ...mdevs].join('\n');
}

const mdevsOf = (collector: Collector): readonly string[] =>
  collector.names(MDEVS).filter((name) => uuidOf(name) !== undefined);

/** Linux 7.2.13 and 7.3 show no more than a page; the release that first did is not known. */
export function isRepaired(kernel: string | undefined): boolean {
  const [, major, minor, patch] = /^([0-9]+)\.([0-9]+)(?:\.([0-9]+))?/.exec(kernel ?? '') ?? [];
  const version = Number(major ?? 0) * 1_000_000 + Number(minor ?? 0) * 1_000 + Number(patch ?? 0);
  return version >= 7_002_013;
}

function takeOnce(collector: Collector, isSafe: boolean, options: TreeOptions, isFirst: boolean): void {
  for (const name of BUS_FILES) collector.take(`${BUS}/${name}`);
  for (const name of collector.names(DEVICES)) {
    const apid = parseCard(name);
    if (apid !== undefined) takeCard(collector, `${DEVICES}/${name}`);
  }
  // Says that the module is there, also when it has no mdev.
  collector.take(`${MDEVS}/mdev_supported_types/vfio_ap-passthrough/available_instances`);
  for (const uuid of mdevsOf(collector))
    takeMdev(collector, `${MDEVS}/${uuid}`, isSafe || options.readsUnbounded, isSafe, isFirst);
}

function takeCard(collector: Collector, folder: string): void {
  for (const name of CARD_FILES) collector.take(`${folder}/${name}`);
  for (const name of collector.names(folder)) {
    const queue = parseApqn(name);
    if (queue === undefined) continue;
    const place = `${folder}/${formatApqn(queue)}`;
    for (const file of QUEUE_FILES) collector.take(`${place}/${file}`);
    collector.takeLink(`${place}/driver`);
  }
}

/** `ap_config` first: it is short, and says how long the others are. */
function takeMdev(
  collector: Collector,
  folder: string,
  mayReadUnbounded: boolean,
  isSafe: boolean,
  isFirst: boolean,
): void {
  const config = collector.take(`${folder}/ap_config`);
  collector.take(`${folder}/control_domains`);
  const matrix = config === undefined ? undefined : shownApConfig(config);
  const queues = matrix === undefined ? undefined : queueCount(matrix);
  const mayRead = queues === undefined ? mayReadUnbounded : isSafe || queues <= SAFE_QUEUES;
  if (mayRead) {
    if (matrix === undefined) collector.take(`${folder}/matrix`);
    collector.take(`${folder}/guest_matrix`);
  } else if (isFirst) {
    const why =
      queues === undefined
        ? 'there is no ap_config that says how many queues it has: --unbounded reads them, which is safe up to 511 queues'
        : `it has ${queues} queues`;
    collector.problem(
      folder,
      `matrix and guest_matrix are not read, on this kernel more than ${SAFE_QUEUES} queues damage memory: ${why}`,
    );
  }
}
