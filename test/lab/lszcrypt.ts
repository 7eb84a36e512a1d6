/**
 * What lszcrypt has to print for a host, computed from the model's state. The layout is the tool's own, as its manual
 * page describes it and s390-tools 2.35 to 2.43 have it; what a state does not hold is the same for every simulated card.
 */
import { apqn, formatApid, formatApqn, has, matrixHas } from '@apledger/ap';
import { rulesOf } from '@apledger/driver';
import { busLimits, type Card, driverOf, type HostState, mdevOf, type Queue } from '@apledger/host';

/** Release of s390-tools: `[2, 40]`. */
export type Release = readonly [major: number, minor: number];

const DEPTH = 8;
const MAX_MESSAGE_KB = 12;

/** A column, and whether it leans to the right. */
type Column = readonly [title: string, width: number, isRight?: boolean];

const COLUMNS: readonly Column[] = [
  ['CARD.DOM', 8],
  ['TYPE', 5],
  ['MODE', 11],
  ['STATUS', 10],
];
const PLAIN: readonly Column[] = [...COLUMNS, ['REQUESTS', 8, true]];
const SERIAL: readonly Column[] = [...COLUMNS, ['SERIALNR', 8]];
const VERBOSE: readonly Column[] = [
  ...PLAIN,
  ['PENDING', 8, true],
  ['HWTYPE', 6, true],
  ['QDEPTH', 6, true],
  ['FUNCTIONS', 10],
  ['DRIVER', 11],
];

function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    columns
      .map(([, width, isRight], at) => (isRight ? cells[at]?.padStart(width) : cells[at]?.padEnd(width)))
      .join(' ');
  const header = line(columns.map(([title]) => title));
  return [header, '-'.repeat(header.length), ...rows.map(line)].join('\n');
}

const MODES = { A: 'Accelerator', C: 'CCA-Coproc', P: 'EP11-Coproc' };
const cardType = ({ type, mode }: Card): string => `CEX${type - 6}${mode}`;

/** The facility bits of a card by their letters, from the highest down. */
const FACILITIES = [
  ['S', 0x80000000],
  ['M', 0x40000000],
  ['C', 0x20000000],
  ['D', 0x10000000],
  ['A', 0x08000000],
  ['X', 0x04000000],
  ['N', 0x02000000],
  ['H', 0x01000000],
  ['F', 0x00800000],
  ['R', 0x00400000],
] as const;
const facilities = ({ functions }: Card): string =>
  FACILITIES.map(([letter, bit]) => (functions & bit ? letter : '-')).join('');

/** What zcrypt's own devices can say; undefined when the device says something of its own. */
function zcryptStatus({ configured, checkStopped, online }: Card | Queue): string {
  if (!configured) return 'deconfig';
  if (checkStopped) return 'chkstop';
  return online ? 'online' : 'offline';
}

function queueStatus(state: HostState, apid: number, apqi: number, queue: Queue): string {
  if (queue.state === 'zcrypt' || !queue.configured || queue.checkStopped) return zcryptStatus(queue);
  if (queue.state === 'unbound' || !rulesOf(state.driver).files.has('queue/status')) return '-';
  const mdev = mdevOf(state, apid, apqi);
  if (mdev === undefined) return 'unassigned';
  const isPassed = mdev.effective !== null && matrixHas(mdev.effective, apid, apqi);
  return isPassed ? 'in use' : 'assigned';
}

/** lszcrypt before 2.43 adds one to what the file says, which is right for the kernels of its time. */
function depth({ driver }: HostState, [, minor]: Release): string {
  const shown = rulesOf(driver).showsRawDepth ? DEPTH - 1 : DEPTH;
  return String(minor < 43 ? shown + 1 : shown).padStart(2, '0');
}

/** `lszcrypt`, `lszcrypt -V`. Queues that zcrypt does not have are shown by -V only. */
export function listing(state: HostState, release: Release, { verbose = false } = {}): string {
  const rows: string[][] = [];
  const byId = [...state.cards].sort(([a], [b]) => a - b);
  for (const [apid, card] of byId) {
    const common = [cardType(card), MODES[card.mode]];
    const tail = (pending: string, driver: string): string[] => [
      pending,
      String(card.type),
      depth(state, release),
      facilities(card),
      driver,
    ];
    const count = card.configured ? '0' : '-';
    rows.push([formatApid(apid), ...common, zcryptStatus(card), count, ...tail(count, 'cex4card')]);
    for (const [apqi, queue] of [...card.queues].sort(([a], [b]) => a - b)) {
      const driver = driverOf(state, apqn(apid, apqi));
      const isZcrypt = queue.state === 'zcrypt';
      if (!isZcrypt && !verbose) continue;
      const status = queueStatus(state, apid, apqi, queue);
      const requests = isZcrypt && queue.configured ? '0' : '-';
      const pending = isZcrypt && card.configured ? '0' : '-';
      const name = formatApqn(apqn(apid, apqi));
      rows.push([name, ...common, status, requests, ...tail(pending, driver ?? '-no-driver-')]);
    }
  }
  return table(verbose ? VERBOSE : PLAIN, rows);
}

/** `lszcrypt -s`: coprocessors only, accelerators have no serial number. */
export const serialNumbers = (state: HostState): string =>
  table(
    SERIAL,
    [...state.cards]
      .filter(([, { mode }]) => mode !== 'A')
      .map(([apid, card]) => [
        formatApid(apid),
        cardType(card),
        MODES[card.mode],
        zcryptStatus(card),
        `93AAB0${formatApid(apid).toUpperCase()}`,
      ]),
  );

/** `lszcrypt -b` */
export function busAttributes(state: HostState, [, minor]: Release): string {
  const {
    ap_domain: domain,
    config_time: configTime,
    poll_thread: thread,
    poll_timeout: timeout,
  } = state.attributes;
  const hex = (id: number): string => `0x${id.toString(16).padStart(minor < 43 ? 1 : 2, '0')}`;
  return [
    ...(rulesOf(state.driver).files.has('bus/features') ? ['features: APSC APXA QACT RC8A'] : []),
    `ap_domain=${hex(domain)}`,
    `ap_max_domain_id=${hex(busLimits(state).maxDomain)}`,
    'ap_interrupts are enabled',
    `config_time=${configTime} (seconds)`,
    `poll_thread is ${thread === 1 ? 'enabled' : 'disabled'}`,
    `poll_timeout=${timeout} (nanoseconds)`,
  ].join('\n');
}

/** `lszcrypt -d`: the host's usage and control domains. */
export function domains({ config }: HostState): string {
  const hex = (id: number): string => id.toString(16).padStart(2, '0');
  const columns = Array.from({ length: 16 }, (_, low) => low);
  const ruler = '-'.repeat(54);
  const cell = (id: number): string => {
    const isUsage = has(config.domains, id);
    const isControl = has(config.controlDomains, id);
    if (isUsage && isControl) return ' B';
    if (isUsage) return ' U';
    return isControl ? ' C' : ' .';
  };
  const row = (high: number): string =>
    [`    ${hex(high * 16)}`, ...columns.map((low) => cell(high * 16 + low))].join(' ');
  return [
    ['DOMAIN', ...columns.map(hex)].join(' '),
    ruler,
    ...columns.map(row),
    ruler,
    'C: Control domain',
    'U: Usage domain',
    'B: Both (Control + Usage domain)',
  ].join('\n');
}

/** `lszcrypt -c CARD`, of a card that the host has. */
export function capabilities(state: HostState, apid: number): string {
  const card = state.cards.get(apid);
  if (card === undefined) throw new RangeError(`no card ${apid}`);
  const can = {
    A: [card.functions & 0x60000000 ? 'RSA 4K Clear Key' : 'RSA 2K Clear Key'],
    C: ['RSA 4K Clear Key', 'CCA Secure Key (full function set)', 'Long RNG'],
    P: ['EP11 Secure Key'],
  }[card.mode];
  const limit = `AP bus max message size limit ${MAX_MESSAGE_KB} Kb`;
  return [`card${formatApid(apid)} provides capability for:`, ...can, limit].join('\n');
}
