/** bind, unbind, drivers_probe and driver_override, by hand (driver-rules 2, 4.2). */
import { type Apqn, apidOf, apqiOf, cString, equals, FULL_MASK, parseApqn } from '@apledger/ap';
import type { CommandOf, QueueDriver } from '@apledger/events';
import {
  CEX4,
  cardType,
  driverOf,
  type HostState,
  type Queue,
  queueOf,
  zcryptDriverOf,
} from '@apledger/host';
import type { QueueEvent } from '@apledger/machines';
import { bindEvent, queueAfter, queueRefusal, unbindEvent } from '../lifecycle.ts';
import { notLoaded, type Outcome, quoted, type Refusal, refuse } from '../refusal.ts';
import type { Transaction } from '../transaction.ts';
import { bind, entitledDriver, mayBind, offer, unbind } from './binding.ts';

interface Named {
  readonly queue: Apqn;
  readonly device: Queue;
}

/** The queue device that a text names; one final newline does not count. */
function find(state: HostState, text: string): Named | undefined {
  const queue = parseApqn(cString(text).replace(/\n$/, ''));
  if (queue === undefined) return undefined;
  const device = queueOf(state, apidOf(queue), apqiOf(queue));
  return device === undefined ? undefined : { queue, device };
}

const noDevice = (text: string): Refusal =>
  refuse(
    'ENODEV',
    `There is no queue device ${quoted(text)}.`,
    'Write a name like 05.0047; ls /sys/bus/ap/devices shows them.',
  );

export function bindQueue(tx: Transaction, { driver, text }: CommandOf<'BindQueue'>): Outcome {
  if (driver === 'vfio_ap' && !tx.state.isVfioApLoaded) return notLoaded();
  if (text === '') return undefined;
  const found = find(tx.state, text);
  if (found === undefined || !matches(tx.state, found, driver))
    return found === undefined ? noDevice(text) : notFor(found, driver, text);
  if (!mayBind(tx.state, found.queue, found.device, driver))
    return refuseBind(tx, found, bindEvent(driver, false).type, driver, text);
  bind(tx, found.queue, driver);
  return undefined;
}

/** Why the queue's machine does not let the driver have it. */
function refuseBind(
  { rules, state }: Transaction,
  { queue, device }: Named,
  type: QueueEvent['type'],
  driver: QueueDriver,
  text: string,
): Refusal {
  const reason = queueRefusal(device.state, type) ?? 'alreadyBound';
  if (reason === 'notEntitled')
    return refuse(
      rules.errnos[reason],
      `${text.trim()} is ${driver === 'vfio_ap' ? '' : 'not '}reserved for the host by apmask and aqmask.`,
      `Change apmask or aqmask: the queue then moves to ${driver} by itself.`,
      [{ queue: text.trim(), holder: entitledDriver(state, queue) ?? 'nobody' }],
    );
  const holder = driverOf(state, queue) ?? 'no driver';
  return refuse(rules.errnos[reason], `${text.trim()} is bound to ${holder} already.`, 'Unbind it first.', [
    { queue: text.trim(), holder },
  ]);
}

/** What the driver core asks before anything else: hardware type and driver_override. */
function matches(state: HostState, { queue, device }: Named, driver: QueueDriver): boolean {
  const type = cardType(state, apidOf(queue));
  const serves = driver === 'vfio_ap' ? type >= CEX4 : driver === zcryptDriverOf(type);
  return serves && (device.driverOverride === null || device.driverOverride === driver);
}

const notFor = ({ device }: Named, driver: QueueDriver, text: string): Refusal =>
  device.driverOverride === null
    ? refuse(
        'ENODEV',
        `${driver} does not serve the type of ${text.trim()}.`,
        'vfio_ap and cex4queue serve CEX4 and newer.',
      )
    : refuse(
        'ENODEV',
        `driver_override of ${text.trim()} is ${device.driverOverride}.`,
        `Write ${driver} into its driver_override, or clear it.`,
      );

export function unbindQueue(tx: Transaction, { driver, text }: CommandOf<'UnbindQueue'>): Outcome {
  if (driver === 'vfio_ap' && !tx.state.isVfioApLoaded) return notLoaded();
  if (text === '') return undefined;
  const found = find(tx.state, text);
  if (found === undefined) return noDevice(text);
  const event = unbindEvent(driver);
  const current = driverOf(tx.state, found.queue);
  // Of the host's drivers the machine knows one; which of them has a queue depends on the type of its card.
  const hasOtherZcrypt = found.device.state === 'zcrypt' && driver !== 'vfio_ap' && current !== driver;
  if (queueAfter(found.device.state, event) === undefined || hasOtherZcrypt) {
    const is = current === null ? 'bound to no driver' : `bound to ${current}`;
    return refuse(
      tx.rules.errnos[queueRefusal(found.device.state, event.type) ?? 'otherDriver'],
      `${text.trim()} is ${is}, not to ${driver}.`,
      'Unbind it from the driver that it is bound to.',
    );
  }
  unbind(tx, found.queue, driver);
  return undefined;
}

/** Offers an unbound device to all drivers; success also when nothing binds, or for a card. */
export function probeDevice(tx: Transaction, { text }: CommandOf<'ProbeDevice'>): Outcome {
  if (text === '') return undefined;
  const found = find(tx.state, text);
  if (found === undefined) return isCard(tx.state, text) ? undefined : noDevice(text);
  offer(tx, found.queue, found.device);
  return undefined;
}

const isCard = (state: HostState, text: string): boolean => {
  const match = /^card([0-9a-f]{2})\n?$/.exec(cString(text));
  return match !== null && state.cards.has(Number.parseInt(match[1] ?? '', 16));
};

/** A name this long leaves no room for the newline (driver core). */
const MAX_OVERRIDE = 4095;

export function overrideDriver(tx: Transaction, { queue, text }: CommandOf<'OverrideDriver'>): Outcome {
  const apqn = parseApqn(queue);
  const device = apqn === undefined ? undefined : queueOf(tx.state, apidOf(apqn), apqiOf(apqn));
  if (!tx.rules.files.has('queue/driver_override') || device === undefined)
    return refuse(
      'ENOENT',
      `There is no driver_override of ${queue} here.`,
      'It exists for queue devices, from 7.3 on.',
    );
  if (text === '') return undefined;
  if (text.length >= MAX_OVERRIDE)
    return refuse('EINVAL', 'The name is too long.', 'Write the name of a driver.');
  const areMasksFull = equals(tx.state.apmask, FULL_MASK) && equals(tx.state.aqmask, FULL_MASK);
  if (queueAfter(device.state, { type: 'OVERRIDE', areMasksFull }) === undefined)
    return refuse(
      tx.rules.errnos[queueRefusal(device.state, 'OVERRIDE') ?? 'masksInUse'],
      'apmask and aqmask are not all ones.',
      'Use either the masks or driver_override: set both masks to all ones first.',
    );
  const name = cString(text).split('\n', 1)[0] ?? '';
  const driver = name === '' ? null : name;
  if (driver !== device.driverOverride) tx.emit('DriverOverrideChanged', { queue, driver });
  return undefined;
}
