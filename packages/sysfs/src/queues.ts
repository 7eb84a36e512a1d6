/** /sys/devices/ap/cardXX/XX.YYYY: driver-rules 4.2. */
import { type Apqn, apidOf, apqiOf, formatApqn, matrixHas } from '@apledger/ap';
import { rulesOf, tapq } from '@apledger/driver';
import type { CardMode } from '@apledger/events';
import { type Card, driverOf, type HostState, mdevOf, type Queue } from '@apledger/host';
import {
  flag,
  functionsText,
  hwtypeOf,
  modeProperty,
  noRequests,
  OPERATION_MODES,
  onlineSwitch,
  requestCounter,
  typeProperties,
} from './device-files.ts';
import {
  changeable,
  constant,
  deviceUevent,
  type Folder,
  folder,
  link,
  readable,
  settable,
} from './folder.ts';
import type { Attribute } from './node.ts';

/** What TAPQ answers for a queue that works. */
const NORMAL = 0;

/** The folder of a queue device. What is in it beside the bus's own files is its driver's. */
export function queueFolder(state: HostState, card: Card, queue: Apqn, device: Queue): Folder {
  const driver = driverOf(state, queue);
  const isHost = driver !== null && driver !== 'vfio_ap';
  const isCoprocessor = card.mode !== 'A';
  const { files, namesTypeInUevents } = rulesOf(state.driver);
  const name = formatApqn(queue);
  return folder({
    ap_functions: files.has('queue/ap_functions') ? () => functionsFile(state, card, queue) : undefined,
    chkstop: files.has('queue/chkstop') ? () => constant(flag(device.checkStopped)) : undefined,
    config: () => constant(flag(device.configured)),
    driver: driver === null ? undefined : () => link(`../../../../bus/ap/drivers/${driver}`),
    driver_override: files.has('queue/driver_override') ? () => overrideFile(name, device) : undefined,
    interrupt: () => constant(isHost ? 'Interrupts enabled.\n' : 'Interrupts disabled.\n'),
    load: isHost ? noRequests : undefined,
    mkvps: isHost && isCoprocessor ? () => constant(masterKeys(card.mode, queue)) : undefined,
    online: isHost ? () => onlineSwitch(name, device) : undefined,
    op_modes: isHost && card.mode === 'P' ? () => constant(`${OPERATION_MODES}\n`) : undefined,
    pendingq_count: noRequests,
    // Only zcrypt initialises a queue; the counter of all others is a dash.
    request_count: isHost ? requestCounter : () => settable('-\n'),
    requestq_count: noRequests,
    reset: () => resetFile(name),
    status: hasStatus(state, queue) ? () => readable(() => status(state, queue)) : undefined,
    subsystem: () => link('../../../../bus/ap'),
    uevent: () =>
      deviceUevent(
        'DEVTYPE=ap_queue',
        ...(driver === null ? [] : [`DRIVER=${driver}`]),
        ...(namesTypeInUevents ? typeProperties(hwtypeOf(state, card)) : [modeProperty(card)]),
      ),
  });
}

/** The card's facility bits as TAPQ reports them: none for a queue that it does not know any more (driver-rules 4.2). */
const functionsFile = (state: HostState, card: Card, queue: Apqn): Attribute =>
  readable(() => functionsText(tapq(state, queue) === NORMAL ? card.functions : 0));

/** Resets are over at once here: no timer ever runs. */
const resetFile = (name: string): Attribute =>
  changeable(
    () => 'No Reset Timer set.\n',
    (text) => ({ type: 'ResetQueue', queue: name, text }),
  );

const overrideFile = (name: string, { driverOverride }: Queue): Attribute =>
  changeable(
    () => `${driverOverride ?? ''}\n`,
    (text) => ({ type: 'OverrideDriver', queue: name, text }),
  );

const hasStatus = (state: HostState, queue: Apqn): boolean =>
  driverOf(state, queue) === 'vfio_ap' && rulesOf(state.driver).files.has('queue/status');

/** What the queue's file `status` says, without a walk to it; undefined where there is none. */
export const queueStatus = (state: HostState, queue: Apqn): string | undefined =>
  hasStatus(state, queue) ? status(state, queue) : undefined;

/** Whether an mdev has the queue, and whether a guest can use it through that mdev. */
function status(state: HostState, queue: Apqn): string {
  const mdev = mdevOf(state, apidOf(queue), apqiOf(queue));
  if (mdev === undefined) return 'unassigned\n';
  const { attached, guestMatrix } = mdev;
  const isPassed = guestMatrix !== null && matrixHas(guestMatrix, apidOf(queue), apqiOf(queue));
  return attached && isPassed ? 'in use\n' : 'assigned\n';
}

/** Master key verification patterns, as lszcrypt prints them: made up, and different for each queue. */
function masterKeys(mode: CardMode, queue: Apqn): string {
  const pattern = queue.toString(16).padStart(4, '0').repeat(4);
  if (mode === 'P') return `WK CUR: valid 0x${pattern.repeat(4)}\nWK NEW: empty -\n`;
  const none = '0'.repeat(pattern.length);
  return ['AES', 'APKA', 'ASYM']
    .map(
      (key) => `${key} NEW: empty 0x${none}\n${key} CUR: valid 0x${pattern}\n${key} OLD: invalid 0x${none}\n`,
    )
    .join('');
}
