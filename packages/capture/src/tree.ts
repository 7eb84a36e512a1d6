/** The AP part of sysfs as a capture has it. */
import { apidOf, formatApqn, formatCard, type Mask256, parseApqn, parseCard } from '@apledger/ap';
import { BUS_ATTRIBUTES } from '@apledger/events';
import type { CapturedFiles } from './archive.ts';
import {
  NOTHING,
  type ObservedCard,
  type ObservedHost,
  type ObservedQueue,
  type Reading,
} from './observed.ts';
import { readMdev } from './tree-mdevs.ts';
import { BUS, DEVICES, MDEVS, TreeReader } from './tree-reader.ts';
import { shownFlag, shownMask, shownMode, shownNumber, uuidOf } from './values.ts';

/** Highest type, APID and APQI that a byte holds. */
const BYTE = 255;

/** The files as `files.has` of the driver's generations names them, by their place here. */
const BUS_EVIDENCE = ['bindings', 'bindings_complete_count', 'features', 'scans'] as const;

/** Reads everything below `sys/`. */
export function readTree(files: CapturedFiles): Reading {
  const tree = new TreeReader(files);
  const mask = (name: string): Mask256 | undefined => tree.value(`${BUS}/${name}`, shownMask);
  const [apmask, aqmask] = [mask('apmask'), mask('aqmask')];
  const cards = tree.names(DEVICES).flatMap((name) => readCard(tree, name));
  const isLoaded = tree.has(MDEVS) || tree.has(`${BUS}/drivers/vfio_ap`);
  const uuids = tree.names(MDEVS).filter((name) => uuidOf(name) !== undefined);
  const mdevs = uuids.map((uuid) => readMdev(tree, uuid));
  const queues = cards.flatMap(({ queues }) => queues);
  const host: ObservedHost = {
    ...NOTHING,
    files: evidence(tree, uuids, queues),
    masks: { ...(apmask && { apmask }), ...(aqmask && { aqmask }) },
    config: readConfig(tree),
    apxa: tree.value(`${BUS}/features`, (text) => /\bAPXA\b/.test(text)),
    maxAdapter: tree.value(`${BUS}/ap_max_adapter_id`, (text) => shownNumber(text, BYTE)),
    maxDomain: tree.value(`${BUS}/ap_max_domain_id`, (text) => shownNumber(text, BYTE)),
    attributes: Object.fromEntries(
      BUS_ATTRIBUTES.flatMap((name) => {
        const text = tree.text(`${BUS}/${name}`)?.trim();
        return text === undefined || !/^-?[0-9]{1,15}$/.test(text) ? [] : [[name, text]];
      }),
    ),
    scans: tree.value(`${BUS}/scans`, counter),
    bindingsCompleted: tree.value(`${BUS}/bindings_complete_count`, counter),
    vfioApLoaded: isLoaded,
    cards: cards.map(({ card }) => card),
    queues,
    mdevs: mdevs.flatMap((mdev) => mdev ?? []),
  };
  return { host, problems: tree.problems };
}

const MAX_COUNT = 0xffffffff;
const counter = (text: string): number | undefined => shownNumber(text, MAX_COUNT);

/** Null where the kernel says that there is no QCI. */
function readConfig(tree: TreeReader): ObservedHost['config'] {
  if (tree.text(`${BUS}/ap_adapter_mask`)?.trim() === 'not supported') return null;
  const adapters = tree.value(`${BUS}/ap_adapter_mask`, shownMask);
  const domains = tree.value(`${BUS}/ap_usage_domain_mask`, shownMask);
  const controlDomains = tree.value(`${BUS}/ap_control_domain_mask`, shownMask);
  if (adapters === undefined || domains === undefined || controlDomains === undefined) return undefined;
  return { adapters, domains, controlDomains };
}

interface CardWithQueues {
  readonly card: ObservedCard;
  readonly queues: readonly ObservedQueue[];
}

function readCard(tree: TreeReader, name: string): CardWithQueues[] {
  const adapter = parseCard(name);
  if (adapter === undefined) return [];
  const folder = `${DEVICES}/${name}`;
  const card: ObservedCard = {
    adapter,
    type:
      tree.value(`${folder}/raw_hwtype`, (text) => shownNumber(text, BYTE)) ??
      tree.value(`${folder}/hwtype`, (text) => shownNumber(text, BYTE)),
    mode: tree.value(`${folder}/type`, shownMode),
    functions: tree.value(`${folder}/ap_functions`, (text) =>
      /^0x[0-9a-f]{8}$/i.test(text.trim()) ? Number(text.trim()) : undefined,
    ),
    ...condition(tree, folder),
  };
  const queues = tree.names(folder).flatMap((entry) => {
    const queue = parseApqn(entry);
    if (queue === undefined) return [];
    if (apidOf(queue) !== adapter) {
      tree.problems.push({ where: `${folder}/${entry}`, what: `a queue of another adapter: passed over` });
      return [];
    }
    return [readQueue(tree, `${folder}/${entry}`, queue)];
  });
  return [{ card, queues }];
}

const condition = (tree: TreeReader, folder: string) => ({
  configured: tree.value(`${folder}/config`, shownFlag),
  checkStopped: tree.value(`${folder}/chkstop`, shownFlag),
  online: tree.value(`${folder}/online`, shownFlag),
});

function readQueue(tree: TreeReader, folder: string, queue: number): ObservedQueue {
  const override = tree.text(`${folder}/driver_override`)?.trim();
  return {
    queue,
    // Each queue of a capture has its `config`: without a link then it has no driver.
    driver: tree.linkName(`${folder}/driver`) ?? null,
    ...condition(tree, folder),
    status: tree.text(`${folder}/status`)?.trim(),
    driverOverride: override === '' || override === '(null)' ? undefined : override,
  };
}

/** Which of the driver's optional files are there: only what would show if it were there is counted as missing. */
function evidence(
  tree: TreeReader,
  uuids: readonly string[],
  queues: readonly ObservedQueue[],
): Record<string, boolean> {
  const files: Record<string, boolean> = {};
  if (tree.has(`${BUS}/apmask`))
    for (const name of BUS_EVIDENCE) files[`bus/${name}`] = tree.has(`${BUS}/${name}`);
  // An mdev that is being removed has lost all its files.
  const uuid = uuids.find((one) => tree.has(`${MDEVS}/${one}/control_domains`));
  if (uuid !== undefined) files['mdev/ap_config'] = tree.has(`${MDEVS}/${uuid}/ap_config`);
  const [first] = queues;
  if (first !== undefined) {
    const folder = `${DEVICES}/${formatCard(apidOf(first.queue))}/${formatApqn(first.queue)}`;
    files['queue/chkstop'] = tree.has(`${folder}/chkstop`);
    files['queue/driver_override'] = tree.has(`${folder}/driver_override`);
  }
  return files;
}
