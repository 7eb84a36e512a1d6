export {
  type Card,
  CEX4,
  cardType,
  driverOf,
  inOrder,
  isBoundToVfio,
  isPassable,
  type Queue,
  queueOf,
  queuesOf,
  zcryptDriverOf,
} from './cards.ts';
export { evolve, evolvePacked } from './evolve.ts';
export { STATE_VERSION } from './layout.ts';
export { ImpossibleFact } from './lifecycles.ts';
export { isInMdev, isOpen, MAX_MDEVS, type Mdev, mdevOf, mdevOfGuest, newestWithAny } from './mdevs.ts';
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
