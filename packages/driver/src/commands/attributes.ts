/** Writes to the attributes of the bus and of cards and queues that are no matrix (driver-rules 2, 4.1). */
import {
  apidOf,
  apqiOf,
  apqn,
  cString,
  formatApqn,
  formatCard,
  has,
  parseApqn,
  parseCard,
  parseKernelNumber,
} from '@apledger/ap';
import type { BusAttribute, CommandOf } from '@apledger/events';
import { busLimits, type Card, type Queue, queueOf } from '@apledger/host';
import { badNumber, type Outcome, quoted, type Refusal, refuse } from '../refusal.ts';
import type { Transaction } from '../transaction.ts';

/** sscanf's %d (base 10) and %i (base 0): blanks, perhaps a minus, digits; what follows does not matter. */
function scanInteger(text: string, base: 'd' | 'i'): number | undefined {
  const match = (
    base === 'd' ? /^[\s\xa0]*(-?)([0-9]+)/ : /^[\s\xa0]*(-?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)/
  ).exec(cString(text));
  if (match === null) return undefined;
  const digits = match[2] ?? '';
  const isOctal = base === 'i' && /^0[0-7]+$/.test(digits);
  const magnitude = BigInt(isOctal ? `0o${digits}` : digits);
  // The kernel stores an int: what does not fit is cut to 32 bits.
  return Number(BigInt.asIntN(32, match[1] === '-' ? -magnitude : magnitude));
}

/** Any number but 0 switches on. */
function scanFlag(text: string): number | undefined {
  const number = scanInteger(text, 'd');
  return number === undefined ? undefined : Number(number !== 0);
}

/** sscanf's %llu: blanks and decimal digits; the kernel keeps 64 bits of it. */
function scanUnsigned(text: string): number | undefined {
  const digits = /^[\s\xa0]*([0-9]+)/.exec(cString(text))?.[1];
  return digits === undefined ? undefined : Number(BigInt.asUintN(64, BigInt(digits)));
}

/** kstrtobool: the first character decides, for `on` and `off` the second. */
function parseBool(text: string): number | undefined {
  const head = cString(text).slice(0, 2).toLowerCase();
  if (/^[yt1]/.test(head) || head === 'on') return 1;
  return /^[nf0]/.test(head) || head === 'of' ? 0 : undefined;
}

const MAX_POLL_TIMEOUT_NS = 120_000_000_000;

/** The value that a write gives to the attribute, or why not. */
function readAttribute(
  { state, rules }: Transaction,
  attribute: BusAttribute,
  text: string,
): number | Refusal {
  const invalid = (form: string): Refusal =>
    refuse('EINVAL', `${quoted(text)} is no ${attribute}.`, `Write ${form}.`);
  switch (attribute) {
    case 'ap_domain': {
      const { maxDomain } = busLimits(state);
      const domain = scanInteger(text, 'i');
      return domain === undefined || domain < 0 || domain > maxDomain || !has(state.aqmask, domain)
        ? invalid(`a domain from 0 to ${maxDomain} that is set in aqmask`)
        : domain;
    }
    case 'config_time': {
      const seconds = scanInteger(text, 'd');
      return seconds === undefined || seconds < 5 || seconds > 120
        ? invalid('seconds from 5 to 120')
        : seconds;
    }
    case 'poll_thread':
      return (rules.scansPollAttributes ? scanFlag(text) : parseBool(text)) ?? invalid('0 or 1');
    case 'poll_timeout': {
      if (rules.scansPollAttributes) {
        const nanoseconds = scanUnsigned(text) ?? 0;
        return nanoseconds < 1 || nanoseconds > MAX_POLL_TIMEOUT_NS
          ? invalid(`nanoseconds from 1 to ${MAX_POLL_TIMEOUT_NS}`)
          : nanoseconds;
      }
      const nanoseconds = parseKernelNumber(text);
      if (typeof nanoseconds !== 'number') return badNumber(nanoseconds, text);
      return nanoseconds > MAX_POLL_TIMEOUT_NS
        ? invalid(`nanoseconds up to ${MAX_POLL_TIMEOUT_NS}`)
        : nanoseconds;
    }
  }
}

export function writeBusAttribute(
  tx: Transaction,
  { attribute, text }: CommandOf<'WriteBusAttribute'>,
): Outcome {
  if (text === '') return undefined;
  const value = readAttribute(tx, attribute, text);
  if (typeof value !== 'number') return value;
  if (tx.state.attributes[attribute] !== value) tx.emit('BusAttributeChanged', { attribute, value });
  return undefined;
}

/** `config` of a card: 1 and 0 (de)configure it through SCLP; no matrix changes (driver-rules 6.7). */
export function configureCard(tx: Transaction, { adapter, text }: CommandOf<'ConfigureCard'>): Outcome {
  const card = tx.state.cards.get(adapter);
  if (card === undefined) return noDevice(formatCard(adapter));
  if (text === '') return undefined;
  const value = scanInteger(text, 'd');
  if (value !== 0 && value !== 1) return refuse('EINVAL', `${quoted(text)} is no config.`, 'Write 0 or 1.');
  if (card.configured === (value === 1)) return undefined;
  tx.emit(value === 1 ? 'CardConfigured' : 'CardDeconfigured', { adapter });
  return undefined;
}

const noDevice = (name: string): Refusal =>
  refuse('ENOENT', `There is no device ${name}.`, 'ls /sys/devices/ap shows the cards.');

/** `online` of a card, and of a queue as long as zcrypt has it (driver-rules 4.1, 4.2). */
export function setOnline(tx: Transaction, { device: name, text }: CommandOf<'SetOnline'>): Outcome {
  const apid = parseCard(name);
  const queue = parseApqn(name);
  const card = tx.state.cards.get(apid ?? (queue === undefined ? -1 : apidOf(queue)));
  const device = queue === undefined ? card : queueOf(tx.state, apidOf(queue), apqiOf(queue));
  if (card === undefined || device === undefined) return noDevice(name);
  if ('state' in device && device.state !== 'zcrypt')
    return refuse(
      'ENOENT',
      `${name} has no online: zcrypt does not have it.`,
      `Bind ${name} to cex4queue first.`,
    );
  if (text === '') return undefined;
  const value = scanInteger(text, 'd');
  if (value !== 0 && value !== 1) return refuse('EINVAL', `${quoted(text)} is not online.`, 'Write 0 or 1.');
  const online = value === 1;
  if (online) {
    const refusal = refuseOnline(name, card, device, formatCard(apid ?? apidOf(queue ?? 0)));
    if (refusal !== undefined) return refusal;
  }
  if (device.online !== online) tx.emit('OnlineChanged', { device: name, online });
  if (apid !== undefined) switchQueues(tx, apid, card, online);
  return undefined;
}

/** Why a device cannot go online. A queue shares its card's fate before a scan has told it so. */
function refuseOnline(name: string, card: Card, device: Card | Queue, cardName: string): Refusal | undefined {
  if (!device.configured || !card.configured)
    return refuse('ENODEV', `${name} is deconfigured.`, `Write 1 to config of ${cardName} first.`);
  if (device.checkStopped || card.checkStopped)
    return refuse('ENODEV', `${name} is check-stopped.`, `Repair or replace the adapter of ${cardName}.`);
  return card.online || device === card
    ? undefined
    : refuse('EINVAL', `${cardName} is offline.`, 'Switch the card on first.');
}

/** Every write to a card's `online` switches the queues that zcrypt has on it. */
function switchQueues(tx: Transaction, apid: number, card: Card, online: boolean): void {
  for (const [apqi, queue] of card.queues)
    if (queue.state === 'zcrypt' && queue.online !== online)
      tx.emit('OnlineChanged', { device: formatApqn(apqn(apid, apqi)), online });
}
