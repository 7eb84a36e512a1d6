/** `lszcrypt -V`: cards, queues and their drivers. It knows no masks, no mdevs and no control domains. */
import { parseApqn } from '@apledger/ap';
import { NOTHING, type ObservedCard, type ObservedQueue, type Problem, type Reading } from './observed.ts';
import { shownMode, shownNumber } from './values.ts';

/** `CARD.DOM`, or `CARD.DOMAIN` in older releases. */
const HEADER = /^CARD\.DOM(?:AIN)?\s+TYPE\s+MODE\s+STATUS\s/;

/** Whether a text has the head of lszcrypt's table. */
export const isLszcrypt = (text: string): boolean => text.split('\n', 5).some((line) => HEADER.test(line));

/** STATUS may be two words (`in use`); the columns before it and behind it are one word each. */
const ROW = /^([0-9a-f]{2}(?:\.[0-9a-f]{4})?)\s+(CEX\S+)\s+(\S+)\s+(in use|\S+)\s+(.*)$/i;
/** REQUESTS PENDING HWTYPE QDEPTH FUNCTIONS DRIVER; a release before 2.15 had no DRIVER. */
const VERBOSE = /^\S+\s+\S+\s+(\S+)\s+\S+\s+(\S+)(?:\s+(\S+))?$/;

/** The letters of the facility bits, from the highest bit down. */
const LETTERS: Readonly<Record<string, number>> = {
  S: 0x80000000,
  M: 0x40000000,
  C: 0x20000000,
  D: 0x10000000,
  A: 0x08000000,
  X: 0x04000000,
  N: 0x02000000,
  H: 0x01000000,
  F: 0x00800000,
  R: 0x00400000,
};
/** The driver serves no newer type than this. */
const NO_DRIVER = '-no-driver-';

/** Reads the table. Lines that are no row of it are problems. */
export function readLszcrypt(text: string, where: string): Reading {
  const cards = new Map<number, ObservedCard>();
  const queues = new Map<number, ObservedQueue>();
  const problems: Problem[] = [];
  let isVerbose = true;
  text.split('\n').forEach((line, at) => {
    if (line.trim() === '' || HEADER.test(line) || /^[-+| ]+$/.test(line)) return;
    const row = ROW.exec(line.trim());
    const problem = (what: string): void => {
      problems.push({ where: `${where}, line ${at + 1}`, what });
    };
    if (row === null) {
      problem(`no row of lszcrypt: ${line.trim().slice(0, 80)}`);
      return;
    }
    const [, name = '', model = '', , status = '', rest = ''] = row;
    const verbose = VERBOSE.exec(rest.trim());
    isVerbose &&= verbose !== null;
    const adapter = Number.parseInt(name.slice(0, 2), 16);
    const state = stateOf(status);
    const queue = name.includes('.') ? parseApqn(name.toLowerCase()) : undefined;
    if (name.includes('.') && queue === undefined) problem(`${name} is no queue`);
    else if (queue !== undefined)
      queues.set(queue, { queue, ...state, status, driver: driverOf(verbose?.[3]) });
    const isCard = !name.includes('.');
    if (isCard || !cards.has(adapter))
      cards.set(adapter, cardOf(adapter, model, verbose, isCard ? state : {}));
    if (shownMode(model) === undefined) problem(`${model} is no type of a card`);
  });
  if (!isVerbose)
    problems.push({
      where,
      what: 'this is lszcrypt without -V: queues of vfio_ap and the drivers are missing',
    });
  return { host: { ...NOTHING, cards: [...cards.values()], queues: [...queues.values()] }, problems };
}

function cardOf(
  adapter: number,
  model: string,
  verbose: RegExpExecArray | null,
  state: ReturnType<typeof stateOf>,
): ObservedCard {
  const generation = shownNumber(/^CEX([0-9]+)/.exec(model)?.[1] ?? '', 99);
  const type =
    shownNumber(verbose?.[1] ?? '', 255) ?? (generation === undefined ? undefined : generation + 6);
  const functions = [...(verbose?.[2] ?? '')].reduce((bits, letter) => bits + (LETTERS[letter] ?? 0), 0);
  return { adapter, type, mode: shownMode(model), functions: functions || undefined, ...state };
}

/** What STATUS says; of a queue that vfio_ap has, it says nothing about these. */
function stateOf(status: string): Pick<ObservedCard, 'configured' | 'checkStopped' | 'online'> {
  switch (status.toLowerCase()) {
    case 'online':
      return { configured: true, checkStopped: false, online: true };
    case 'offline':
      return { configured: true, checkStopped: false, online: false };
    case 'deconfig':
      return { configured: false };
    case 'chkstop':
    case 'checkstop':
      return { configured: true, checkStopped: true };
    default:
      return {};
  }
}

const driverOf = (text: string | undefined): string | null | undefined =>
  text === NO_DRIVER || text === '-' ? null : text;
