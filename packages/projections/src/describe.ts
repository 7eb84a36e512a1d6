/** Facts and changes in words: one wording for the command line and the page. */
import { firstNames, formatApid, formatApqi } from '@apledger/ap';
import type { MatrixView, ViewChange } from '@apledger/api';
import { type Fact, isLedgerFactType, parseFact, parseLedgerFact, UnknownFact } from '@apledger/events';
import { describeLedgerFact } from './describe-ledger.ts';
import { describeObservation } from './describe-observation.ts';

const adapters = (ids: readonly number[]): string => ids.map(formatApid).join(', ') || 'none';
const domains = (ids: readonly number[]): string => ids.map(formatApqi).join(', ') || 'none';

/** Queues by name; of many, the first and how many more. */
const queues = (names: readonly string[]): string => firstNames(names, 4);

const matrix = (ids: MatrixView | null): string =>
  ids === null
    ? 'nothing'
    : `adapters ${adapters(ids.adapters)}; domains ${domains(ids.domains)}; control domains ${domains(ids.controlDomains)}`;

/** A fact in one line, without its type; '' when the type says all. */
export function describeFact(fact: Fact): string {
  switch (fact.type) {
    case 'HostRegistered': {
      const { host, driver, hardware } = fact.data;
      return `${host}, driver ${driver}; adapters ${adapters(hardware.adapters)}; domains ${domains(hardware.domains)}`;
    }
    case 'HostConfigChanged':
      return matrix(fact.data);
    case 'HardwareChanged':
      return 'the bus will notice at its next scan';
    case 'BusScanned':
      return `scan ${fact.data.scans}`;
    case 'BindingsCompleted':
      return 'every queue has a driver';
    case 'BusAttributeChanged':
      return `${fact.data.attribute} = ${fact.data.value}`;
    case 'CardDetected':
      return `card${formatApid(fact.data.adapter)}, CEX${fact.data.type - 6}${fact.data.mode}`;
    case 'CardRemoved':
    case 'CardConfigured':
    case 'CardDeconfigured':
      return `card${formatApid(fact.data.adapter)}`;
    case 'CheckStopChanged':
    case 'CardCheckStopNoticed':
      return `card${formatApid(fact.data.adapter)} ${fact.data.checkStopped ? 'stopped' : 'runs again'}`;
    case 'OnlineChanged':
      return `${fact.data.device} ${fact.data.online ? 'online' : 'offline'}`;
    case 'MaskChanged':
      return `${fact.data.mask} = ${fact.data.value} (${JSON.stringify(fact.data.written)})`;
    case 'HostRebooted':
      return `apmask ${fact.data.apmask}, aqmask ${fact.data.aqmask}`;
    case 'DriverLoaded':
    case 'DriverUnloaded':
      return fact.data.driver;
    case 'CommandHadNoEffect':
      return askedFor(fact.data.command);
    case 'CommandRejected':
      return `${fact.data.command.type}: ${fact.data.errno}: ${fact.data.explanation}`;
    default:
      return describeObservation(fact) ?? describeDevice(fact);
  }
}
const describeDevice = (fact: Fact): string =>
  'mdev' in fact.data ? describeMdev(fact as MdevFact) : describeQueues(fact as QueueFact);

/** A fact of the log in one line, without its type; '' when the type says all. One from a newer apledger is named, not described. */
export function describeRecorded({
  type,
  version,
  data,
}: {
  readonly type: string;
  readonly version: number;
  readonly data: unknown;
}): string {
  try {
    if (isLedgerFactType(type)) return describeLedgerFact(parseLedgerFact(type, version, data));
    return describeFact(parseFact(type, version, data));
  } catch (error) {
    if (error instanceof UnknownFact) return error.message;
    throw error;
  }
}

/** The command's type and what it was given, the file first. */
function askedFor({ type, ...given }: { readonly type: string; readonly [name: string]: unknown }): string {
  const words = Object.entries(given).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return words.length === 0 ? type : `${type}: ${words.join(', ')}`;
}

type MdevFact = Extract<Fact, { data: { mdev: string } }>;
type QueueFact = Exclude<Fact, MdevFact>;

function describeQueues(fact: QueueFact): string {
  switch (fact.type) {
    case 'QueueBound':
      return `${queues(fact.data.queues)} to ${fact.data.driver}`;
    case 'QueueUnbound':
      return `${queues(fact.data.queues)} from ${fact.data.driver}`;
    case 'QueueReset': {
      const code = fact.data.responseCode === 0 ? '' : `, response code ${fact.data.responseCode}`;
      return `${queues(fact.data.queues)} by ${fact.data.by === 'administrator' ? 'an administrator' : fact.data.by}${code}`;
    }
    case 'QueueZeroized':
      return `${queues(fact.data.queues)} by the ${fact.data.by}`;
    case 'QueueDetected':
    case 'QueueRemoved':
    case 'QueueStateNoticed':
      return queues(fact.data.queues);
    case 'DriverOverrideChanged':
      return `${fact.data.queue}: ${fact.data.driver ?? 'none'}`;
    case 'ResetFaultInjected':
      return fact.data.queue;
    default:
      return '';
  }
}

function describeMdev(fact: MdevFact): string {
  const { mdev } = fact.data;
  switch (fact.type) {
    case 'AdapterAssigned':
    case 'AdapterUnassigned':
      return `adapter ${adapters(fact.data.adapters)}, mdev ${mdev}`;
    case 'DomainAssigned':
    case 'DomainUnassigned':
      return `domain ${domains(fact.data.domains)}, mdev ${mdev}`;
    case 'ControlDomainAssigned':
    case 'ControlDomainUnassigned':
      return `control domain ${domains(fact.data.controlDomains)}, mdev ${mdev}`;
    case 'GuestMatrixChanged':
      return `${matrix(fact.data)}; mdev ${mdev}${fact.data.effective === null ? ' (no guest attached)' : ''}`;
    case 'MigrationRefused':
      return `guest ${fact.data.guest}: adapters ${adapters(fact.data.pluggedAdapters)} are plugged in, mdev ${mdev}`;
    case 'GuestStarted':
    case 'GuestStopped':
    case 'MdevAttached':
    case 'MdevDetached':
    case 'MigrationRequested':
    case 'MigrationCompleted':
      return `guest ${fact.data.guest ?? '(no KVM guest)'}, mdev ${mdev}`;
    default:
      return `mdev ${mdev}`;
  }
}

/** A difference of matrices in one line. */
export function describeChange(change: ViewChange): string {
  switch (change.change) {
    case 'hostRegistered':
      return `host ${change.host} appeared`;
    case 'hostGone':
      return `host ${change.host} is gone`;
    case 'maskChanged':
      return `${change.mask}: ${change.before} -> ${change.after}`;
    case 'cardsAppeared':
    case 'cardsGone':
      return `cards ${adapters(change.adapters)} ${change.change === 'cardsGone' ? 'are gone' : 'appeared'}`;
    case 'queuesAppeared':
    case 'queuesGone':
      return `queues ${queues(change.queues)} ${change.change === 'queuesGone' ? 'are gone' : 'appeared'}`;
    case 'queuesRebound':
      return `queues ${queues(change.queues)}: ${change.from ?? 'no driver'} -> ${change.to ?? 'no driver'}`;
    default:
      return describeMdevChange(change);
  }
}

type MdevChange = Extract<ViewChange, { readonly mdev: string }>;

function describeMdevChange(change: MdevChange): string {
  const { mdev } = change;
  switch (change.change) {
    case 'mdevAppeared':
      return `mdev ${mdev} appeared`;
    case 'mdevGone':
      return `mdev ${mdev} is gone`;
    case 'mdevRemovalBlocked':
      return `mdev ${mdev} waits for its removal`;
    case 'adaptersAssigned':
      return `mdev ${mdev}: + adapters ${adapters(change.adapters)}`;
    case 'adaptersUnassigned':
      return `mdev ${mdev}: - adapters ${adapters(change.adapters)}`;
    case 'domainsAssigned':
      return `mdev ${mdev}: + domains ${domains(change.domains)}`;
    case 'domainsUnassigned':
      return `mdev ${mdev}: - domains ${domains(change.domains)}`;
    case 'controlDomainsAssigned':
      return `mdev ${mdev}: + control domains ${domains(change.controlDomains)}`;
    case 'controlDomainsUnassigned':
      return `mdev ${mdev}: - control domains ${domains(change.controlDomains)}`;
    case 'guestStarted':
    case 'guestStopped':
      return `guest ${change.guest ?? '(no KVM guest)'} ${change.change === 'guestStarted' ? 'started' : 'stopped'}, mdev ${mdev}`;
    case 'guestGained':
    case 'guestLost': {
      const verb = change.change === 'guestGained' ? 'gained' : 'lost';
      const control =
        change.controlDomains.length > 0 ? `; control domains ${domains(change.controlDomains)}` : '';
      return `guest ${change.guest ?? '(no KVM guest)'} ${verb} ${queues(change.queues) || 'no queue'}${control}, mdev ${mdev}`;
    }
    case 'guestMatrixChanged':
      return `guest matrix of mdev ${mdev}: ${matrix(change.before)} -> ${matrix(change.after)}`;
  }
}
