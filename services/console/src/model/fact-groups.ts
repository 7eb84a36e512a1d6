/** Facts by what an operator asks for, and the words to find them by. */

import type { RecordedFact } from '@apledger/api';
import type { FactType } from '@apledger/events';
import { describeRecorded } from '@apledger/projections/host';

export interface FactGroup {
  readonly id: string;
  readonly label: string;
  /** undefined = all. */
  readonly types: readonly FactType[] | undefined;
}

export const FACT_GROUPS: readonly FactGroup[] = [
  { id: '', label: 'All', types: undefined },
  { id: 'refusals', label: 'Refusals', types: ['CommandRejected', 'MigrationRefused', 'MdevRemovalBlocked'] },
  {
    id: 'guests',
    label: 'Guests',
    types: [
      'GuestStarted',
      'GuestStopped',
      'MdevAttached',
      'MdevDetached',
      'GuestMatrixChanged',
      'MigrationRequested',
      'MigrationRefused',
      'MigrationCompleted',
    ],
  },
  {
    id: 'assignments',
    label: 'Assignments',
    types: [
      'MdevCreated',
      'MdevRemovalBlocked',
      'MdevRemoved',
      'AdapterAssigned',
      'AdapterUnassigned',
      'DomainAssigned',
      'DomainUnassigned',
      'ControlDomainAssigned',
      'ControlDomainUnassigned',
    ],
  },
  {
    id: 'observation',
    label: 'Observation',
    types: [
      'ObservationBegan',
      'ObservationStalled',
      'ObservationIncomplete',
      'ObservationsDropped',
      'WriteAttempted',
      'DriftDetected',
      'BootFilesSeen',
      'HostBooted',
      'AgentFenced',
      'CommandRequested',
      'CommandSettled',
    ],
  },
  {
    id: 'queues',
    label: 'Queues',
    types: [
      'MaskChanged',
      'QueueDetected',
      'QueueRemoved',
      'QueueStateNoticed',
      'QueueBound',
      'QueueUnbound',
      'QueueReset',
      'QueueZeroized',
      'DriverOverrideChanged',
    ],
  },
  {
    id: 'cards',
    label: 'Cards',
    types: [
      'HardwareChanged',
      'HostConfigChanged',
      'CheckStopChanged',
      'CardDetected',
      'CardRemoved',
      'CardConfigured',
      'CardDeconfigured',
      'CardCheckStopNoticed',
      'OnlineChanged',
    ],
  },
];

/** The group of an address; all when there is none of that name. */
export const groupOf = (id: string | undefined): FactGroup =>
  FACT_GROUPS.find((group) => group.id === id) ?? { id: '', label: 'All', types: undefined };

const NEWER = 'a fact of a newer apledger';

/** The fact in a line. One of a newer apledger, which this page has no words for, says so. */
export function wordsOf({ type, version, data }: Pick<RecordedFact, 'type' | 'version' | 'data'>): string {
  try {
    return describeRecorded({ type, version, data }) || NEWER;
  } catch {
    return NEWER;
  }
}

/** `QueueUnbound` as `Queue unbound`. */
export const typeWords = (type: string): string =>
  type.charAt(0) + type.slice(1).replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
