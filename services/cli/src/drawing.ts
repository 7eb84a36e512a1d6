/** Matrices as text: boxes as in the founding document, and on little room where there are many queues. */
import {
  apqn,
  documentCell,
  drawGrid,
  drawTable,
  fitsOnPage,
  formatApqi,
  formatApqn,
  formatIds,
} from '@apledger/ap';
import type { MatrixView, MdevView, PlugView } from '@apledger/api';
import type { HostView } from '@apledger/projections';

type Standing = 'zcrypt' | 'vfio_ap' | 'unbound' | '-';
/** Where a queue has one character only. */
const MARKS: Readonly<Record<Standing, string>> = { zcrypt: 'z', vfio_ap: 'v', unbound: 'u', '-': '.' };
const LEGEND = '    adapters down, domains across: z zcrypt, v vfio_ap, u unbound, . no queue\n';
const LONGEST_CELL = '(00,00) unbound'.length;
/** As many names in a line as a person reads one by one; more are put together. */
const MAX_NAMES = 12;

/** The queues of these adapters and domains with their drivers; '' when there is none. */
export function hostTable(view: HostView, adapters: readonly number[], domains: readonly number[]): string {
  const standing = (apid: number, apqi: number): Standing => {
    const cell = view.cell(apid, apqi);
    return cell.exists ? (cell.boundTo ?? 'unbound') : '-';
  };
  const cell = (apid: number, apqi: number): string => `${documentCell(apid, apqi)} ${standing(apid, apqi)}`;
  if (fitsOnPage(domains, LONGEST_CELL)) return drawTable(adapters, domains, cell);
  return LEGEND + drawGrid(adapters, domains, (apid, apqi) => MARKS[standing(apid, apqi)]);
}

/** The matrix as a table, or as two lists where that has no room; where one side is empty, the other as a line. */
export function matrixText({ adapters, domains, controlDomains }: MatrixView): string {
  const lines: string[] = [];
  if (domains.length === 0 && adapters.length > 0)
    lines.push(`    adapters ${formatIds(adapters)}; no domain\n`);
  if (adapters.length === 0 && domains.length > 0)
    lines.push(`    domains ${domainsText(domains)}; no adapter\n`);
  if (adapters.length === 0 && domains.length === 0) lines.push('    no queues\n');
  if (controlDomains.length > 0) lines.push(`    control domains ${domainsText(controlDomains)}\n`);
  return tableOrLists(adapters, domains) + lines.join('');
}

function tableOrLists(adapters: readonly number[], domains: readonly number[]): string {
  if (adapters.length === 0 || fitsOnPage(domains, documentCell(0, 0).length))
    return drawTable(adapters, domains);
  return [
    `    ${adapters.length * domains.length} queues: adapters ${formatIds(adapters)}\n`,
    `    with each of the domains ${formatIds(domains)}\n`,
  ].join('');
}

const domainsText = (domains: readonly number[]): string =>
  domains.length <= MAX_NAMES ? domains.map(formatApqi).join(', ') : formatIds(domains);

const PLUG_WORDS: Readonly<Record<keyof PlugView, string>> = {
  plugged: 'plugged',
  waitingForQueues: 'waiting for queues',
  resetting: 'unplugged, not reset yet',
  unplugged: 'unplugged and reset',
  resetFailed: 'reset failed',
};

/** Where each assigned adapter is on its way into the guest matrix; nothing without adapters. */
export function plugText({ plug }: MdevView): string {
  const states = (Object.keys(PLUG_WORDS) as (keyof PlugView)[]).filter((state) => plug[state].length > 0);
  const texts = states.map((state) => `${PLUG_WORDS[state]} ${formatIds(plug[state])}`);
  return texts.length === 0 ? '' : `    adapters: ${texts.join('; ')}\n`;
}

/** What the guest that has the mdev open can use, and what of its matrix it cannot. */
export function guestMatrixText(mdev: MdevView): string {
  if (mdev.effective === null) return '    has no AP devices\n';
  return matrixText(mdev.effective) + missingText(mdev, mdev.effective);
}

/** Queues that are assigned and that the guest has not: by name, or many by their adapters. */
function missingText({ adapters, domains }: MatrixView, usable: MatrixView): string {
  const missing = adapters.flatMap((apid) => {
    const without = usable.adapters.includes(apid)
      ? domains.filter((apqi) => !usable.domains.includes(apqi))
      : domains;
    return without.length === 0 ? [] : [{ apid, without }];
  });
  const queues = missing.flatMap(({ apid, without }) => without.map((apqi) => formatApqn(apqn(apid, apqi))));
  if (queues.length === 0) return '';
  if (queues.length <= MAX_NAMES) return `    assigned, but not in the guest: ${queues.join(', ')}\n`;
  const byDomains = Map.groupBy(missing, ({ without }) => formatIds(without));
  const lists = [...byDomains].map(
    ([domains, all]) => `      adapters ${formatIds(all.map(({ apid }) => apid))} with domains ${domains}\n`,
  );
  return `    assigned, but not in the guest: ${queues.length} queues\n${lists.join('')}`;
}
