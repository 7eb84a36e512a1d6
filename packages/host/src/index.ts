export {
  type Card,
  driverOf,
  inOrder,
  isBoundToVfio,
  isPassable,
  type Queue,
  queueOf,
  queuesOf,
} from './cards.ts';
export { evolve, evolvePacked } from './evolve.ts';
export { STATE_VERSION } from './layout.ts';
export { ImpossibleFact } from './lifecycles.ts';
export { isOpen, MAX_MDEVS, type Mdev, mdevOf, newestWithAny } from './mdevs.ts';
export {
  busLimits,
  type CardHardware,
  HostState,
  hostConfig,
  isCheckStopped,
  isDeconfigured,
  isInHardware,
  isReserved,
  mdevLimits,
  reachable,
} from './state.ts';
