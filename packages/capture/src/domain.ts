/** libvirt's XML of a guest: its name, and the mdevs that it gets. Everything else of it may be secret. */
import { SaxesParser } from 'saxes';
import type { AutostartedGuest } from './boot-files.ts';
import { Unreadable } from './observed.ts';
import { uuidOf } from './values.ts';

export interface DomainStatus {
  readonly name: string;
  readonly pid: number | undefined;
  /** UUIDs, with those that were attached while it ran. */
  readonly mdevs: readonly string[];
}

/** Deeper than any domain. */
const MAX_DEPTH = 64;
const MAX_NAME = 255;

/** The guest of a definition, /etc/libvirt/qemu/NAME.xml. Throws Unreadable for what is none, or is not well-formed. */
export function readDomainMdevs(text: string, where: string): AutostartedGuest {
  const { name, mdevs } = readDomain(text, where);
  return { name, mdevs };
}

/** The guest that libvirt runs, of its own file /run/libvirt/qemu/NAME.xml. Throws Unreadable as `readDomainMdevs` does. */
export function readDomainStatus(text: string, where: string): DomainStatus {
  const { root, pid, name, mdevs } = readDomain(text, where);
  if (root !== 'domstatus') throw new Unreadable(`${where} is no <domstatus>`);
  return { name, pid: /^[0-9]{1,10}$/.test(pid) ? Number(pid) : undefined, mdevs };
}

function readDomain(text: string, where: string) {
  const path: string[] = [];
  const mdevs: string[] = [];
  let [root, pid, name, isMdev] = ['', '', '', false];
  const parser = new SaxesParser<{ xmlns: false }>({ xmlns: false });
  parser.on('error', (error) => {
    throw new Unreadable(`${where} is not well-formed XML: ${error.message.slice(0, 200)}`);
  });
  parser.on('doctype', () => {
    throw new Unreadable(`${where} has a document type: libvirt writes none`);
  });
  parser.on('opentag', ({ name: tag, attributes }) => {
    path.push(tag);
    if (path.length > MAX_DEPTH) throw new Unreadable(`${where} nests deeper than ${MAX_DEPTH} elements`);
    if (path.length === 1) [root, pid] = [tag, attributes.pid ?? ''];
    if (tag === 'hostdev') isMdev = attributes.type === 'mdev' && attributes.model === 'vfio-ap';
    const uuid =
      tag === 'address' && path.at(-2) === 'source' && isMdev ? uuidOf(attributes.uuid ?? '') : undefined;
    if (uuid !== undefined) mdevs.push(uuid);
  });
  parser.on('text', (content) => {
    if (/^(?:domstatus\/)?domain\/name$/.test(path.join('/'))) name += content;
  });
  parser.on('closetag', () => {
    if (path.pop() === 'hostdev') isMdev = false;
  });
  parser.write(text.trimStart()).close();
  name = name.trim().slice(0, MAX_NAME);
  if (name === '') throw new Unreadable(`${where} names no domain`);
  return { root, pid, name, mdevs };
}
