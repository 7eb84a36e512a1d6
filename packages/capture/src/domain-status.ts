/** libvirt's own file of a domain that runs, /run/libvirt/qemu/NAME.xml: its name, its process, and the mdevs that it has now. */
import { SaxesParser } from 'saxes';
import { Unreadable } from './observed.ts';
import { uuidOf } from './values.ts';

export interface DomainStatus {
  readonly name: string;
  readonly pid: number | undefined;
  /** UUIDs, with those that were attached while it ran. */
  readonly mdevs: readonly string[];
}

/** Deeper than any domain. */
const MAX_DEPTH = 32;

/** Reads the file. Throws Unreadable for what is not well-formed, or is no domain that runs. */
export function readDomainStatus(text: string, where: string): DomainStatus {
  const path: string[] = [];
  const mdevs: string[] = [];
  let name = '';
  let pid = '';
  let isMdev = false;
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
    if (path.length === 1 && tag !== 'domstatus') throw new Unreadable(`${where} is no <domstatus>`);
    if (path.length === 1) pid = attributes.pid ?? '';
    if (tag === 'hostdev') isMdev = attributes.type === 'mdev' && attributes.model === 'vfio-ap';
    const uuid =
      tag === 'address' && path.at(-2) === 'source' && isMdev ? uuidOf(attributes.uuid ?? '') : undefined;
    if (uuid !== undefined) mdevs.push(uuid);
  });
  parser.on('text', (content) => {
    if (path.join('/') === 'domstatus/domain/name') name += content;
  });
  parser.on('closetag', () => {
    if (path.pop() === 'hostdev') isMdev = false;
  });
  parser.write(text).close();
  if (name === '') throw new Unreadable(`${where} names no domain`);
  return { name, pid: /^[0-9]{1,10}$/.test(pid) ? Number(pid) : undefined, mdevs };
}
