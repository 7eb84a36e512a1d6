/** A matrix is a Cartesian product: every adapter of one mask with every domain of another. */
import { type Apqn, apidOf, apqiOf, apqn, formatApid, formatApqi } from './apqn.ts';
import {
  and,
  EMPTY_MASK,
  equals,
  forEachId,
  formatMask,
  has,
  idsOf,
  intersects,
  isEmpty,
  type Mask256,
} from './mask.ts';

/** Adapters x domains. */
export interface Matrix {
  readonly adapters: Mask256;
  readonly domains: Mask256;
}

/** A matrix and the control domains beside it: what an mdev holds and what a guest sees. */
export interface ControlledMatrix extends Matrix {
  readonly controlDomains: Mask256;
}

export const EMPTY_MATRIX: ControlledMatrix = {
  adapters: EMPTY_MASK,
  domains: EMPTY_MASK,
  controlDomains: EMPTY_MASK,
};

export const matrixHas = (matrix: Matrix, apid: number, apqi: number): boolean =>
  has(matrix.adapters, apid) && has(matrix.domains, apqi);

/** The APQNs that both matrices hold, as a matrix (empty when either side is). */
export const commonMatrix = (a: Matrix, b: Matrix): Matrix => ({
  adapters: and(a.adapters, b.adapters),
  domains: and(a.domains, b.domains),
});

/** True when some APQN lies in both. */
export const matricesOverlap = (a: Matrix, b: Matrix): boolean =>
  intersects(a.adapters, b.adapters) && intersects(a.domains, b.domains);

export const equalMatrices = (a: ControlledMatrix, b: ControlledMatrix): boolean =>
  equals(a.adapters, b.adapters) &&
  equals(a.domains, b.domains) &&
  equals(a.controlDomains, b.controlDomains);

/** The ids in each mask, ascending. */
export const idsOfMatrix = ({
  adapters,
  domains,
  controlDomains,
}: ControlledMatrix): { adapters: number[]; domains: number[]; controlDomains: number[] } => ({
  adapters: idsOf(adapters),
  domains: idsOf(domains),
  controlDomains: idsOf(controlDomains),
});

/** Calls `visit` for every APQN, adapters ascending, then domains ascending. */
export function forEachApqn(matrix: Matrix, visit: (queue: Apqn) => void): void {
  forEachId(matrix.adapters, (apid) => forEachId(matrix.domains, (apqi) => visit(apqn(apid, apqi))));
}

/** The APQNs, adapters ascending, then domains ascending. */
export function apqnsOf(matrix: Matrix): Apqn[] {
  const queues: Apqn[] = [];
  forEachApqn(matrix, (queue) => queues.push(queue));
  return queues;
}

/** The APQNs of the first that the second has not, in the same order. */
export const apqnsWithout = (a: Matrix, b: Matrix): Apqn[] =>
  apqnsOf(a).filter((queue) => !matrixHas(b, apidOf(queue), apqiOf(queue)));

/**
 * The text of the `matrix` and `guest_matrix` files (driver-rules 5.1): a line an APQN; with adapters only a
 * line `05.` each, with domains only `.0047` each, nothing at all when both are empty.
 */
export function formatMatrixFile(matrix: Matrix): string {
  let text = '';
  if (isEmpty(matrix.domains)) {
    forEachId(matrix.adapters, (apid) => (text += `${formatApid(apid)}.\n`));
  } else if (isEmpty(matrix.adapters)) {
    forEachId(matrix.domains, (apqi) => (text += `.${formatApqi(apqi)}\n`));
  } else {
    const domains = idsOf(matrix.domains).map(formatApqi);
    forEachId(matrix.adapters, (apid) => {
      const adapter = formatApid(apid);
      for (const domain of domains) text += `${adapter}.${domain}\n`;
    });
  }
  return text;
}

/** The text of the `control_domains` file: `0047` a line. */
export function formatControlDomainsFile(controlDomains: Mask256): string {
  let text = '';
  forEachId(controlDomains, (apqi) => (text += `${formatApqi(apqi)}\n`));
  return text;
}

/** The text of the `ap_config` file: the masks of adapters, domains and control domains, with commas. */
export function formatApConfigFile(matrix: ControlledMatrix): string {
  return `${formatMask(matrix.adapters)},${formatMask(matrix.domains)},${formatMask(matrix.controlDomains)}\n`;
}
