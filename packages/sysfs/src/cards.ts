/** /sys/devices/ap and its cards: driver-rules 4.1. */
import { apidOf, apqiOf, apqn, formatApqn, formatCard, parseApqn, parseCard } from '@apledger/ap';
import type { Card, HostState } from '@apledger/host';
import {
  flag,
  functionsText,
  hex,
  modeProperty,
  noRequests,
  OPERATION_MODES,
  onlineSwitch,
  requestCounter,
} from './device-files.ts';
import { changeable, constant, deviceUevent, type Folder, folder, type Group, link } from './folder.ts';
import { queueFolder } from './queues.ts';

/** What every simulated card says: nothing here depends on it, and programs only print it. */
const DEPTH = 8;
const MAX_MESSAGE_SIZE = 12288;
/** EP11 firmware. */
const API_ORDINAL = 6;
const FIRMWARE_VERSION = '6.16';
/** Hardware type 10 is a CEX4, 11 a CEX5, and so on. */
const TYPE_OF_CEX0 = 6;

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
  const modalias = `ap:t${hex(card.type, 2)}`;
  const isCoprocessor = card.mode !== 'A';
  const isEp11 = card.mode === 'P';
  return folder(
    {
      API_ordinalnr: isEp11 ? () => constant(`${API_ORDINAL}\n`) : undefined,
      FW_version: isEp11 ? () => constant(`${FIRMWARE_VERSION}\n`) : undefined,
      ap_functions: () => constant(functionsText(card)),
      chkstop: () => constant(flag(card.checkStopped)),
      config: () =>
        changeable(
          () => flag(card.configured),
          (text) => ({ type: 'ConfigureCard', adapter: apid, text }),
        ),
      depth: () => constant(`${DEPTH}\n`),
      driver: () => link('../../../bus/ap/drivers/cex4card'),
      hwtype: () => constant(`${card.type}\n`),
      load: noRequests,
      max_msg_size: () => constant(`${MAX_MESSAGE_SIZE}\n`),
      modalias: () => constant(`${modalias}\n`),
      online: () => onlineSwitch(name, card),
      op_modes: isEp11 ? () => constant(`${OPERATION_MODES}\n`) : undefined,
      pendingq_count: noRequests,
      raw_hwtype: () => constant(`${card.type}\n`),
      request_count: requestCounter,
      requestq_count: noRequests,
      serialnr: isCoprocessor ? () => constant(`${serialNumber(apid)}\n`) : undefined,
      subsystem: () => link('../../../bus/ap'),
      type: () => constant(`CEX${card.type - TYPE_OF_CEX0}${card.mode}\n`),
      uevent: () =>
        deviceUevent(
          'DEVTYPE=ap_card',
          'DRIVER=cex4card',
          `DEV_TYPE=${hex(card.type, 4)}`,
          `MODALIAS=${modalias}`,
          modeProperty(card),
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
