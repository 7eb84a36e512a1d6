/** Files of the bus: masks and numbers; and the module. */
import { equals, formatMask, has } from '@apledger/ap';
import { BUS_ATTRIBUTES, type Fact, MASK_NAMES } from '@apledger/events';
import type { HostState } from '@apledger/host';
import type { Move, Stage } from './move.ts';

export const masks: Stage = (state, { host }) =>
  MASK_NAMES.flatMap((mask): Move[] => {
    const value = host.masks[mask];
    if (value === undefined || equals(value, state[mask])) return [];
    const text = formatMask(value);
    return [
      {
        key: `${mask} ${text}`,
        says: `${text} to ${mask}`,
        commands: [{ type: 'WriteMask', mask, text }],
        file: `bus/ap/${mask}`,
        isWide: true,
        asSeen: () => [{ type: 'MaskChanged', data: { mask, value: text, written: text } }],
        drift: { what: mask, predicted: formatMask(state[mask]), actual: text },
      },
    ];
  });

/** Numbers on which no matrix depends. The kernel chooses a default domain by itself, too. */
export const attributes: Stage = (state, { host }) =>
  BUS_ATTRIBUTES.flatMap((attribute): Move[] => {
    const text = host.attributes[attribute];
    if (text === undefined || Number(text) === state.attributes[attribute]) return [];
    const value = Number(text);
    const byKernel = attribute === 'ap_domain' && (value < 0 || !has(state.aqmask, value));
    return [
      {
        key: `${attribute} ${text}`,
        says: `${text} to ${attribute}`,
        commands: byKernel ? [] : [{ type: 'WriteBusAttribute', attribute, text }],
        file: `bus/ap/${attribute}`,
        asSeen: () => [{ type: 'BusAttributeChanged', data: { attribute, value } }],
      },
    ];
  });

export const module: Stage = (state, { host: { vfioApLoaded } }) => {
  if (vfioApLoaded === undefined || vfioApLoaded === state.isVfioApLoaded) return [];
  return [
    {
      key: `module ${vfioApLoaded}`,
      says: vfioApLoaded ? 'modprobe vfio_ap' : 'rmmod vfio_ap',
      commands: [{ type: vfioApLoaded ? 'LoadModule' : 'UnloadModule', module: 'vfio_ap' }],
      isWide: true,
      asSeen: () => [{ type: vfioApLoaded ? 'DriverLoaded' : 'DriverUnloaded', data: { driver: 'vfio_ap' } }],
      drift: {
        what: 'module vfio_ap',
        predicted: vfioApLoaded ? 'not loaded' : 'loaded: it is in use',
        actual: vfioApLoaded ? 'loaded' : 'not loaded',
      },
    },
  ];
};

/** Counters as they were seen, in facts of a scan. */
export const withCounters =
  ({
    scans,
    bindingsCompleted,
  }: {
    readonly scans?: number | undefined;
    readonly bindingsCompleted?: number | undefined;
  }) =>
  (fact: Fact): Fact => {
    if (fact.type === 'BusScanned' && scans !== undefined && scans > 0) return { ...fact, data: { scans } };
    if (fact.type === 'BindingsCompleted' && bindingsCompleted !== undefined && bindingsCompleted > 0)
      return { ...fact, data: { count: bindingsCompleted } };
    return fact;
  };

/** The bus found all queues bound, once more, at a scan that changed nothing else. */
export const completed = (state: HostState, bindingsCompleted: number | undefined): Fact[] =>
  bindingsCompleted === undefined || bindingsCompleted === 0 || bindingsCompleted === state.bindingsCompleted
    ? []
    : [{ type: 'BindingsCompleted', data: { count: bindingsCompleted } }];
