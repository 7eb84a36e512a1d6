/** libvirt's definition of a guest: its name, and the mdevs that it gets. Everything else of it may be secret. */
import { SaxesParser } from 'saxes';
import type { AutostartedGuest } from './boot-files.ts';
import { Unreadable } from './observed.ts';
import { uuidOf } from './values.ts';

/** Deeper than any definition. */
const MAX_DEPTH = 64;

/** The guests of one text: one `<domain>`, also inside of a `<domstatus>`. Throws Unreadable for what is not well-formed. */
export function readDomainMdevs(text: string, where: string): AutostartedGuest[] {
  const path: string[] = [];
  const mdevs: string[] = [];
  let [name, isMdev, isDomain] = ['', false, false];
  // A fragment has no document type, and so no entities of its own: both are errors.
  const parser = new SaxesParser<{ fragment: true; xmlns: false }>({ fragment: true, xmlns: false });
  parser.on('error', (error) => {
    throw new Unreadable(`${where} is not well-formed XML: ${error.message}`);
  });
  parser.on('opentag', ({ name: tag, attributes }) => {
    path.push(tag);
    if (path.length > MAX_DEPTH) throw new Unreadable(`${where} nests deeper than ${MAX_DEPTH} elements`);
    if (tag === 'domain') isDomain = true;
    if (tag === 'hostdev') isMdev = attributes.type === 'mdev' && attributes.model === 'vfio-ap';
    const uuid =
      tag === 'address' && path.at(-2) === 'source' && isMdev ? uuidOf(attributes.uuid ?? '') : undefined;
    if (uuid !== undefined) mdevs.push(uuid);
  });
  parser.on('text', (content) => {
    if (path.at(-1) === 'name' && path.at(-2) === 'domain') name += content;
  });
  parser.on('closetag', () => {
    if (path.pop() === 'hostdev') isMdev = false;
  });
  parser.write(text.replace(/^\s*<\?xml[^>]*\?>/, '')).close();
  if (!isDomain || name === '') throw new Unreadable(`${where} is no definition of a guest`);
  return [{ name: name.trim().slice(0, 255), mdevs }];
}
