/** /sys/devices/ap and its cards: driver-rules 4.1. */
import { apidOf, apqiOf, apqn, formatApqn, formatCard, parseApqn, parseCard } from '@apledger/ap';
import { rulesOf } from '@apledger/driver';
import type { Card, HostState } from '@apledger/host';
import {
  cardDriverOf,
  flag,
  functionsText,
  hex,
  hwtypeOf,
  modaliasOf,
  modeProperty,
  noRequests,
  OPERATION_MODES,
  onlineSwitch,
  requestCounter,
  typeProperties,
} from './device-files.ts';
import { changeable, constant, deviceUevent, type Folder, folder, type Group, link } from './folder.ts';
import { queueFolder } from './queues.ts';

/** What every simulated card says: nothing here depends on it, and programs only print it. */
const DEPTH = 8;
/** TAPQ counts from nought (driver-rules 4.1). */
const RAW_DEPTH = DEPTH - 1;
const MAX_MESSAGE_SIZE = 12288;
/** EP11 firmware. */
const API_ORDINAL = 6;
const FIRMWARE_VERSION = '6.16';
/** Hardware type 10 is a CEX4, 11 a CEX5, and so on. */
const TYPE_OF_CEX0 = 6;
const OLD_TYPES: Readonly<Record<number, string>> = { 6: 'CEX2A', 7: 'CEX2C', 8: 'CEX3A', 9: 'CEX3C' };

/** Eight characters, different for each slot, as lszcrypt -s prints them. */
const serialNumber = (apid: number): string => `93AAB${hex(apid, 3)}`;

/** /sys/devices/ap */
export const apFolder = (state: HostState): Folder =>
  folder(
    { uevent: () => deviceUevent() },
    {
      names: () => [...state.cards.keys()].map(formatCard),
      entry(name) {
        const apid = parseCard(name);
        const card = apid === undefined ? undefined : state.cards.get(apid);
        return apid === undefined || card === undefined ? undefined : cardFolder(state, apid, card);
      },
    },
  );

function cardFolder(state: HostState, apid: number, card: Card): Folder {
  const name = formatCard(apid);
  const { files, showsRawDepth, namesTypeInUevents } = rulesOf(state.driver);
  const hwtype = hwtypeOf(state, card);
  const driver = cardDriverOf(card.type);
  const isCoprocessor = card.mode !== 'A';
  const isEp11 = card.mode === 'P';
  return folder(
    {
      API_ordinalnr: isEp11 ? () => constant(`${API_ORDINAL}\n`) : undefined,
      FW_version: isEp11 ? () => constant(`${FIRMWARE_VERSION}\n`) : undefined,
      ap_functions: () => constant(functionsText(card.functions)),
      chkstop: files.has('card/chkstop') ? () => constant(flag(card.checkStopped)) : undefined,
      config: () =>
        changeable(
          () => flag(card.configured),
          (text) => ({ type: 'ConfigureCard', adapter: apid, text }),
        ),
      depth: () => constant(`${showsRawDepth ? RAW_DEPTH : DEPTH}\n`),
      driver: () => link(`../../../bus/ap/drivers/${driver}`),
      hwtype: () => constant(`${hwtype}\n`),
      load: noRequests,
      max_msg_size: files.has('card/max_msg_size') ? () => constant(`${MAX_MESSAGE_SIZE}\n`) : undefined,
      modalias: () => constant(`${modaliasOf(hwtype)}\n`),
      online: () => onlineSwitch(name, card),
      op_modes: isEp11 ? () => constant(`${OPERATION_MODES}\n`) : undefined,
      pendingq_count: noRequests,
      raw_hwtype: () => constant(`${card.type}\n`),
      request_count: requestCounter,
      requestq_count: noRequests,
      serialnr: isCoprocessor ? () => constant(`${serialNumber(apid)}\n`) : undefined,
      subsystem: () => link('../../../bus/ap'),
      type: () => constant(`${OLD_TYPES[hwtype] ?? `CEX${hwtype - TYPE_OF_CEX0}${card.mode}`}\n`),
      uevent: () =>
        deviceUevent(
          'DEVTYPE=ap_card',
          `DRIVER=${driver}`,
          ...typeProperties(hwtype),
          ...(namesTypeInUevents ? [] : [modeProperty(card)]),
        ),
    },
    queueFolders(state, apid, card),
  );
}

const queueFolders = (state: HostState, apid: number, card: Card): Group => ({
  names: () => [...card.queues.keys()].map((apqi) => formatApqn(apqn(apid, apqi))),
  entry(name) {
    const queue = parseApqn(name);
    if (queue === undefined || apidOf(queue) !== apid) return undefined;
    const device = card.queues.get(apqiOf(queue));
    return device === undefined ? undefined : queueFolder(state, card, queue, device);
  },
});
