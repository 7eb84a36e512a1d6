/** The kernel's command line: `ap.apmask=0xffff`. */
import { EMPTY_MASK, parseBusMask } from '@apledger/ap';
import type { BusAttribute, MaskName } from '@apledger/events';
import { NOTHING, type Problem, type Reading } from './observed.ts';

const PARAMETER = /(?:^|\s)"?ap\.(apmask|aqmask|domain|poll_thread|useirq)=(?:"([^"]*)"|([^\s"]*))/g;

/** Whether a text has a parameter of the AP bus. */
export const isBootParameters = (text: string): boolean => text.search(PARAMETER) >= 0;

/** The AP bus's own words of a command line. The rest is nobody's business: it may hold secrets. */
export const apParameters = (text: string): string =>
  [...text.matchAll(PARAMETER)].map(([word]) => word.trim()).join(' ');

const ATTRIBUTES: Readonly<Record<string, BusAttribute>> = {
  domain: 'ap_domain',
  poll_thread: 'poll_thread',
};

/** Attributes with which the bus begins: what the masks' reading leaves out. */
export function startingAttributes(text: string): Partial<Record<BusAttribute, number>> {
  const found: Partial<Record<BusAttribute, number>> = {};
  for (const [, name = '', quoted, bare] of text.matchAll(PARAMETER)) {
    const attribute = ATTRIBUTES[name];
    const value = quoted ?? bare ?? '';
    if (attribute !== undefined && /^(?:0x[0-9a-f]+|\d+)$/i.test(value)) found[attribute] = Number(value);
  }
  return found;
}

/** Whether a problem of the reading is about one of these. */
export const isOfAttribute = ({ what }: Problem): boolean => /^ap\.(?:domain|poll_thread)=/.test(what);

/** Reads the masks; of a parameter that is given twice the last counts, as for the kernel. */
export function readBootParameters(text: string, where: string): Reading {
  const boot: Partial<Record<MaskName, string>> = {};
  const problems: Problem[] = [];
  for (const [, name, quoted, bare] of text.matchAll(PARAMETER)) {
    const value = quoted ?? bare ?? '';
    if (name !== 'apmask' && name !== 'aqmask') {
      problems.push({ where, what: `ap.${name}=${value.slice(0, 20)} is not carried over` });
      continue;
    }
    boot[name] = value;
    if (parseBusMask(value, EMPTY_MASK, 'wrap') === undefined)
      problems.push({
        where,
        what: `ap.${name}=${value.slice(0, 80)} is no mask: the kernel takes it for all zero`,
      });
  }
  return { host: { ...NOTHING, boot }, problems };
}
