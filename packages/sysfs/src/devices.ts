/** /sys/devices/ap: cards and their queues, driver-rules 4.1 and 4.2. */
import { apqn, formatApqn, formatCard, has, parseApqn, parseCard } from '@apledger/ap';
import { type Card, driverOf, type HostState, mdevOf, type Queue, rulesOf, tapq } from '@apledger/driver';
import type { CardMode } from '@apledger/events';
import { changeable, constant, type Folder, folder, link, readable, writable } from './folder.ts';
import type { Attribute } from './node.ts';

/** What every simulated card says, because nothing here depends on it. */
const DEPTH = 8;
const MAX_MESSAGE_SIZE = 12288;
const CEX4 = 10;

export const apFolder = (state: HostState): Folder =>
  folder(
    { uevent: () => writable(() => undefined) },
    {
      names: () => [...state.cards.keys()].map(formatCard),
      entry: (name) => {
        const apid = parseCard(name);
        const card = apid === undefined ? undefined : state.cards.get(apid);
        return apid === undefined || card === undefined ? undefined : cardFolder(state, apid, card);
      },
    },
  );

const flag = (value: boolean): string => (value ? '1\n' : '0\n');
const hex = (value: number, width: number): string => value.toString(16).toUpperCase().padStart(width, '0');
/** Counters of requests: the simulation makes none. Writing resets them. */
const counter = (): Attribute =>
  changeable(
    () => '0\n',
    () => undefined,
  );

const online = (name: string, device: Card | Queue): Attribute =>
  changeable(
    () => flag(device.configured && !device.checkStopped && device.online),
    (text) => ({ type: 'SetOnline', device: name, text }),
  );

const MODE_NAMES: Readonly<Record<CardMode, string>> = { A: 'accel', C: 'cca', P: 'ep11' };

/** A serial number of eight characters, different for each slot. */
const serial = (apid: number): string => `93AAB${hex(apid, 3)}`;

function cardFolder(state: HostState, apid: number, card: Card): Folder {
  const name = formatCard(apid);
  const modalias = `ap:t${hex(card.type, 2)}`;
  const isEp11 = card.mode === 'P';
  return folder(
    {
      API_ordinalnr: isEp11 ? () => constant('6\n') : undefined,
      FW_version: isEp11 ? () => constant('6.16\n') : undefined,
      ap_functions: () => constant(`0x${hex(card.functions, 8)}\n`),
      chkstop: () => constant(flag(card.checkStopped)),
      config: () =>
        changeable(
          () => flag(card.configured),
          (text) => ({ type: 'ConfigureCard', adapter: apid, text }),
        ),
      depth: () => constant(`${DEPTH}\n`),
      driver: () => link('../../../bus/ap/drivers/cex4card'),
      hwtype: () => constant(`${card.type}\n`),
      load: () => constant('0\n'),
      max_msg_size: () => constant(`${MAX_MESSAGE_SIZE}\n`),
      modalias: () => constant(`${modalias}\n`),
      online: () => online(name, card),
      op_modes: isEp11 ? () => constant('FIPS2009 BSI2009\n') : undefined,
      pendingq_count: () => constant('0\n'),
      raw_hwtype: () => constant(`${card.type}\n`),
      request_count: counter,
      requestq_count: () => constant('0\n'),
      serialnr: card.mode === 'A' ? undefined : () => constant(`${serial(apid)}\n`),
      subsystem: () => link('../../../bus/ap'),
      type: () => constant(`CEX${card.type - CEX4 + 4}${card.mode}\n`),
      uevent: () =>
        changeable(
          () =>
            `DEVTYPE=ap_card\nDRIVER=cex4card\nDEV_TYPE=${hex(card.type, 4)}\nMODALIAS=${modalias}\nMODE=${MODE_NAMES[card.mode]}\n`,
          () => undefined,
        ),
    },
    {
      names: () => [...card.queues.keys()].map((apqi) => formatApqn(apqn(apid, apqi))),
      entry: (entry) => {
        const queue = parseApqn(entry);
        const device =
          queue === undefined || queue >>> 8 !== apid ? undefined : card.queues.get(queue & 0xff);
        return queue === undefined || device === undefined
          ? undefined
          : queueFolder(state, card, queue, device);
      },
    },
  );
}

/** Master key verification patterns of a simulated queue; each queue has its own. */
function masterKeys(mode: CardMode, queue: number): string {
  const pattern = hex(queue, 4).toLowerCase().repeat(4);
  if (mode === 'P') return `WK CUR: valid 0x${pattern.repeat(4)}\nWK NEW: empty -\n`;
  const empty = `0x${'0'.repeat(16)}`;
  return ['AES', 'APKA', 'ASYM']
    .map(
      (key) => `${key} NEW: empty ${empty}\n${key} CUR: valid 0x${pattern}\n${key} OLD: invalid ${empty}\n`,
    )
    .join('');
}

/** `unassigned`, `assigned` or `in use`: driver-rules 4.2. */
function status(state: HostState, apid: number, apqi: number): string {
  const mdev = mdevOf(state, apid, apqi);
  if (mdev === undefined) return 'unassigned\n';
  const { filtered } = mdev;
  const passed = filtered !== null && has(filtered.adapters, apid) && has(filtered.domains, apqi);
  return mdev.attached && passed ? 'in use\n' : 'assigned\n';
}

function queueFolder(state: HostState, card: Card, queue: number, device: Queue): Folder {
  const { isMainline, hasDriverOverride } = rulesOf(state.driver);
  const name = formatApqn(queue);
  const driver = driverOf(device);
  const isHost = driver === 'cex4queue';
  const hasKeys = isHost && card.mode !== 'A';
  return folder({
    ap_functions: () =>
      readable(() =>
        tapq(state, queue) === 1
          ? { errno: 'EIO', explanation: `${name} is not there any more; the next scan will notice` }
          : `0x${hex(card.functions, 8)}\n`,
      ),
    chkstop: () => constant(flag(device.checkStopped)),
    config: () => constant(flag(device.configured)),
    driver: driver === null ? undefined : () => link(`../../../../bus/ap/drivers/${driver}`),
    driver_override: hasDriverOverride
      ? () =>
          changeable(
            () => `${device.driverOverride ?? ''}\n`,
            (text) => ({ type: 'OverrideDriver', queue: name, text }),
          )
      : undefined,
    interrupt: () => constant(isHost ? 'Interrupts enabled.\n' : 'Interrupts disabled.\n'),
    load: isHost ? () => constant('0\n') : undefined,
    mkvps: hasKeys ? () => constant(masterKeys(card.mode, queue)) : undefined,
    online: isHost ? () => online(name, device) : undefined,
    op_modes: hasKeys && card.mode === 'P' ? () => constant('FIPS2009 BSI2009\n') : undefined,
    pendingq_count: () => constant('0\n'),
    // A queue that zcrypt does not have was never initialised, and shows that as a dash.
    request_count: isHost
      ? counter
      : () =>
          changeable(
            () => '-\n',
            () => undefined,
          ),
    requestq_count: () => constant('0\n'),
    reset: () =>
      changeable(
        () => 'No Reset Timer set.\n',
        () => undefined,
      ),
    status:
      driver === 'vfio_ap' && isMainline
        ? () => constant(status(state, queue >>> 8, queue & 0xff))
        : undefined,
    subsystem: () => link('../../../../bus/ap'),
    uevent: () =>
      changeable(
        () =>
          `DEVTYPE=ap_queue\n${driver === null ? '' : `DRIVER=${driver}\n`}MODE=${MODE_NAMES[card.mode]}\n`,
        () => undefined,
      ),
  });
}
