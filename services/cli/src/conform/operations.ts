/** What each operation of a vector is on our host: a write into the sysfs tree, or a command where sysfs has no file. */
import type { Command } from '@apledger/events';
import type { Vector, VectorStep } from './vectors.ts';

export type Action =
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  | { readonly kind: 'command'; readonly command: Command };

const write = (path: string, text: string): Action => ({ kind: 'write', path, text });
const command = (command: Command): Action => ({ kind: 'command', command });

const MDEV_FILES = new Set([
  'assign_adapter',
  'unassign_adapter',
  'assign_domain',
  'unassign_domain',
  'assign_control_domain',
  'unassign_control_domain',
  'ap_config',
]);

const MATRIX = 'devices/vfio_ap/matrix';

/** The action of a step; undefined when the operation is unknown. */
export function actionOf(step: VectorStep, uuids: Vector['uuids']): Action | undefined {
  const text = String(step.v ?? '');
  const uuid = (uuids[step.u ?? ''] ?? '').toLowerCase();
  const device = step.dev ?? '';
  if (MDEV_FILES.has(step.op)) return write(`${MATRIX}/${uuid}/${step.op}`, text);
  switch (step.op) {
    case 'apmask':
    case 'aqmask':
      return write(`bus/ap/${step.op}`, text);
    case 'mdev_create':
      return write(`${MATRIX}/mdev_supported_types/vfio_ap-passthrough/create`, text);
    case 'mdev_remove':
      return write(`${MATRIX}/${uuid}/remove`, text);
    case 'card_config':
      return write(`devices/ap/${device}/config`, text);
    case 'bind':
    case 'unbind':
      return write(`bus/ap/drivers/${step.drv}/${step.op}`, device);
    case 'driver_override':
      return write(`devices/ap/card${device.slice(0, 2)}/${device}/driver_override`, text);
    case 'drivers_probe':
      return write('bus/ap/drivers_probe', device);
    case 'scan':
      return command({ type: 'ScanBus' });
    default: {
      const hardware = hardwareCommand(step) ?? guestCommand(step, uuid);
      return hardware === undefined ? undefined : command(hardware);
    }
  }
}

function hardwareCommand(step: VectorStep): Command | undefined {
  const { n = 0 } = step;
  switch (step.op) {
    case 'qci':
      return {
        type: 'ChangeHardware',
        adapters: step.apm ?? [],
        domains: step.aqm ?? [],
        controlDomains: step.adm ?? [],
      };
    case 'hw_type':
      return {
        type: 'ChangeHardware',
        cards: [{ adapter: n, type: step.t ?? 0, mode: 'C', functions: VECTOR_FUNCTIONS }],
      };
    case 'hw_chkstop':
      return { type: 'SetCheckStop', adapter: n, checkStopped: step.v !== 0 };
    case 'fault':
      return { type: 'InjectResetFault', queue: step.dev ?? '', responseCodes: step.rc ?? [] };
    default:
      return undefined;
  }
}

function guestCommand(step: VectorStep, mdev: string): Command | undefined {
  switch (step.op) {
    case 'guest_open':
      return { type: 'StartGuest', mdev, guest: step.vm ?? null };
    case 'guest_close':
      return { type: 'StopGuest', mdev };
    case 'vfio_reset':
      return { type: 'ResetGuestDevice', mdev };
    default:
      return undefined;
  }
}

/** The facility bits of the cards in the machine that made the vectors. */
export const VECTOR_FUNCTIONS = 0x10000000;
