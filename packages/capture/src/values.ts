/** Values as sysfs and the tools print them, read strictly: undefined for anything else. */

import {
  type ControlledMatrix,
  count,
  equals,
  type Mask256,
  type Matrix,
  maskFromHex,
  maskOf,
} from '@apledger/ap';
import { type CardMode, isUuid } from '@apledger/events';

/** A UUID in lower case; undefined when it is none. */
export const uuidOf = (text: string): string | undefined =>
  isUuid(text.toLowerCase()) ? text.toLowerCase() : undefined;

/** `0x` and 64 hex digits, as the kernel shows its masks. */
export function shownMask(text: string): Mask256 | undefined {
  const [mask] = /^0x[0-9a-f]{64}$/i.exec(text.trim()) ?? [];
  return mask === undefined ? undefined : maskFromHex(mask.toLowerCase());
}

/** The file `ap_config`. */
export function shownApConfig(text: string): ControlledMatrix | undefined {
  const [adapters, domains, controlDomains, ...more] = text.trim().split(',').map(shownMask);
  if (adapters === undefined || domains === undefined || controlDomains === undefined) return undefined;
  return more.length === 0 ? { adapters, domains, controlDomains } : undefined;
}

const APQN_LINE = /^(?:([0-9a-f]{2})\.)?(?:\.?00([0-9a-f]{2}))?$/i;

/** The files `matrix` and `guest_matrix`: `05.0047` a line, `05.` or `.0047` when one side is empty. Undefined when it is no product. */
export function shownMatrix(text: string): Matrix | undefined {
  const adapters = new Set<number>();
  const domains = new Set<number>();
  const lines = text.split('\n').filter((line) => line !== '');
  for (const line of lines) {
    const [, adapter, domain] = APQN_LINE.exec(line) ?? [];
    if (adapter === undefined && domain === undefined) return undefined;
    if (adapter !== undefined) adapters.add(Number.parseInt(adapter, 16));
    if (domain !== undefined) domains.add(Number.parseInt(domain, 16));
  }
  const isProduct = lines.length === Math.max(adapters.size, 1) * Math.max(domains.size, 1);
  return lines.length === 0 || isProduct
    ? { adapters: maskOf(adapters), domains: maskOf(domains) }
    : undefined;
}

/** The file `control_domains`: `0047` a line. */
export function shownDomains(text: string): Mask256 | undefined {
  const lines = text.split('\n').filter((line) => line !== '');
  if (!lines.every((line) => /^00[0-9a-f]{2}$/i.test(line))) return undefined;
  return maskOf(lines.map((line) => Number.parseInt(line, 16)));
}

/** `1` or `0`. */
export function shownFlag(text: string): boolean | undefined {
  const flag = text.trim();
  return flag === '1' || flag === '0' ? flag === '1' : undefined;
}

/** A decimal number from 0 to `most`. */
export function shownNumber(text: string, most: number): number | undefined {
  const digits = text.trim();
  return /^[0-9]{1,10}$/.test(digits) && Number(digits) <= most ? Number(digits) : undefined;
}

/** What `CEX8C` says of the card's mode. */
export function shownMode(type: string): CardMode | undefined {
  const [, mode] = /^CEX[0-9]{1,2}([ACP])$/.exec(type.trim()) ?? [];
  return mode as CardMode | undefined;
}

/** As many queues as a matrix has. */
export const queueCount = ({ adapters, domains }: Matrix): number => count(adapters) * count(domains);

export const equalProducts = (a: Matrix, b: Matrix): boolean =>
  equals(a.adapters, b.adapters) && equals(a.domains, b.domains);
