/** libvirt's node devices, as `virsh nodedev-dumpxml` prints them: mdevs, cards and queues. Several may follow each other. */
import { apqn } from '@apledger/ap';
import { SaxesParser } from 'saxes';
import { isMdevAttribute, MDEV_TYPE } from './mdevctl.ts';
import {
  type MdevWrite,
  NOTHING,
  type ObservedCard,
  type ObservedMdev,
  type ObservedQueue,
  type Problem,
  type Reading,
  Unreadable,
} from './observed.ts';
import { uuidOf } from './values.ts';

/** Deeper than any node device. */
const MAX_DEPTH = 16;

interface Device {
  name: string;
  capability: string;
  type: string;
  uuid: string;
  start: string | undefined;
  adapter: string;
  domain: string;
  readonly writes: MdevWrite[];
}

const newDevice = (): Device => ({
  name: '',
  capability: '',
  type: '',
  uuid: '',
  start: undefined,
  adapter: '',
  domain: '',
  writes: [],
});

/** Reads one or more `<device>`. Throws Unreadable for what is not well-formed, or has an element without any device. */
export function readNodeDevices(text: string, where: string): Reading {
  const devices = devicesOf(text, where);
  if (devices.length === 0) throw new Unreadable(`${where} has no <device>: it is no node device of libvirt`);
  const cards: ObservedCard[] = [];
  const queues: ObservedQueue[] = [];
  const definitions: ObservedMdev[] = [];
  const problems: Problem[] = [];
  for (const device of devices) {
    const place = `${where}, ${device.name.slice(0, 80)}`;
    const what = takeIn(device, { cards, queues, definitions });
    problems.push(...what.map((text) => ({ where: place, what: text })));
  }
  return { host: { ...NOTHING, cards, queues, definitions }, problems };
}

interface Found {
  readonly cards: ObservedCard[];
  readonly queues: ObservedQueue[];
  readonly definitions: ObservedMdev[];
}

/** Puts a device where it belongs; the answer is what is wrong with it. */
function takeIn(device: Device, { cards, queues, definitions }: Found): string[] {
  const adapter = idOf(device.adapter);
  const domain = idOf(device.domain);
  switch (device.capability) {
    case 'ap_card':
      if (adapter === undefined) return ['its ap-adapter is no id'];
      cards.push({ adapter });
      return [];
    case 'ap_queue':
      if (adapter === undefined || domain === undefined) return ['its ap-adapter or ap-domain is no id'];
      queues.push({ queue: apqn(adapter, domain) });
      return [];
    case 'mdev': {
      // Libvirt before 7.3 gives no <uuid>: the name has it, with _ instead of -.
      const [, named = ''] = /^mdev_([0-9a-f_]{36})/i.exec(device.name) ?? [];
      const uuid = uuidOf(device.uuid) ?? uuidOf(named.replaceAll('_', '-'));
      if (device.type !== MDEV_TYPE) return [`an mdev of another type than ${MDEV_TYPE}: passed over`];
      if (uuid === undefined) return ['an mdev without a UUID: passed over'];
      definitions.push({ uuid, start: device.start, writes: device.writes.filter(isKnown) });
      return device.writes
        .filter((write) => !isKnown(write))
        .map(({ attribute }) => `${attribute.slice(0, 40)} is no attribute of an mdev: left out`);
    }
    default:
      return ['neither a card, a queue nor an mdev: passed over'];
  }
}

const isKnown = ({ attribute }: MdevWrite): boolean => isMdevAttribute(attribute);

/** `0x0a`, or a decimal number; 0 to 255. */
function idOf(text: string): number | undefined {
  const id = /^(?:0x[0-9a-f]{1,4}|[0-9]{1,3})$/i.test(text.trim()) ? Number(text.trim()) : Number.NaN;
  return id <= 255 ? id : undefined;
}

function devicesOf(text: string, where: string): Device[] {
  const devices: Device[] = [];
  const path: string[] = [];
  let device: Device | undefined;
  // A fragment has no document type, and so no entities of its own: both are errors.
  const parser = new SaxesParser<{ fragment: true; xmlns: false }>({ fragment: true, xmlns: false });
  parser.on('error', (error) => {
    throw new Unreadable(`${where} is not well-formed XML: ${error.message}`);
  });
  parser.on('opentag', ({ name, attributes }) => {
    path.push(name);
    if (path.length > MAX_DEPTH) throw new Unreadable(`${where} nests deeper than ${MAX_DEPTH} elements`);
    if (name === 'device') {
      device = newDevice();
      devices.push(device);
    }
    if (device === undefined) return;
    if (name === 'capability' && device.capability === '') device.capability = attributes.type ?? '';
    if (name === 'type') device.type = attributes.id ?? '';
    if (name === 'attr')
      device.writes.push({ attribute: attributes.name ?? '', value: attributes.value ?? '' });
  });
  parser.on('text', (content) => {
    if (device === undefined) return;
    const name = path.at(-1);
    // <parent> may hold a <name> of its own; the device's lies right below it.
    if (name === 'name' && path.at(-2) === 'device') device.name += content;
    if (name === 'uuid') device.uuid += content.trim();
    if (name === 'ap-adapter') device.adapter += content;
    if (name === 'ap-domain') device.domain += content;
  });
  parser.on('closetag', () => {
    if (path.pop() === 'device') device = undefined;
  });
  parser.write(text).close();
  return devices;
}
