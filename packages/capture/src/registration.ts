/** The first command of an import: the host with its hardware and its boot masks. */
import { apidOf, apqiOf, formatCard, idsOf } from '@apledger/ap';
import type { CardModel, CommandOf, Generation, Hardware } from '@apledger/events';
import type { ObservedHost, Problem } from './observed.ts';

/** The newest type that the rules know, CEX8. */
export const NEWEST_TYPE = 14;
const MAX_ID = 255;
/** Limits of a machine without APXA (driver-rules 2). */
const MAX_ADAPTER_WITHOUT_APXA = 63;
const MAX_DOMAIN_WITHOUT_APXA = 15;

interface Registration {
  readonly command: CommandOf<'RegisterHost'>;
  /** What had to be taken without any file saying so. */
  readonly problems: readonly Problem[];
}

/** The command that makes the host, and what in it no file says. */
export function registrationOf(observed: ObservedHost, host: string, driver: Generation): Registration {
  const problems: Problem[] = [];
  const hardware = hardwareOf(observed, (where, what) => problems.push({ where, what }));
  const { boot } = observed;
  return {
    command: {
      type: 'RegisterHost',
      host,
      driver,
      hardware,
      boot: { apmask: boot.apmask ?? null, aqmask: boot.aqmask ?? null },
    },
    problems,
  };
}

type Tell = (where: string, what: string) => void;

function hardwareOf(observed: ObservedHost, tell: Tell): Hardware {
  const { config, maxAdapter, maxDomain, queues, cards } = observed;
  const fromQueues = (idOf: (queue: number) => number): number[] => queues.map(({ queue }) => idOf(queue));
  const adapters = sorted(
    config ? idsOf(config.adapters) : [...cards.map(({ adapter }) => adapter), ...fromQueues(apidOf)],
  );
  const domains = sorted(config ? idsOf(config.domains) : fromQueues(apqiOf));
  if (config === undefined) tellMissingConfig(adapters, domains, tell);
  // Older kernels have no `features`; without APXA they show exactly these two.
  const apxa =
    observed.apxa ??
    ((maxAdapter ?? MAX_ID) !== MAX_ADAPTER_WITHOUT_APXA ||
      (maxDomain ?? MAX_ID) !== MAX_DOMAIN_WITHOUT_APXA);
  return {
    qci: config !== null,
    apxa,
    maxAdapter: maxAdapter ?? MAX_ID,
    maxDomain: maxDomain ?? MAX_ID,
    adapters,
    domains,
    controlDomains: config ? idsOf(config.controlDomains) : [],
    cards: adapters.map((adapter) => modelOf(observed, adapter, tell)),
  };
}

function tellMissingConfig(adapters: readonly number[], domains: readonly number[], tell: Tell): void {
  const where = 'hardware';
  tell(
    where,
    'no file says whether QCI and APXA are there, and the highest ids: taken as there, 255 and 255',
  );
  tell(where, 'no file says the control domains of the host: none are registered');
  if (adapters.length === 0) tell(where, 'no file says which adapters the host has: none are registered');
  if (domains.length === 0) tell(where, 'no file says which usage domains the host has: none are registered');
}

const sorted = (ids: readonly number[]): number[] => [...new Set(ids)].sort((a, b) => a - b);

function modelOf({ cards, config }: ObservedHost, adapter: number, tell: Tell): CardModel {
  const card = cards.find((one) => one.adapter === adapter);
  const where = formatCard(adapter);
  // The masks of the configuration count slots that have no card, or one that this kernel does not serve.
  if (card === undefined && config) {
    tell(where, 'in the host configuration, but the kernel has no card of it: registered as an empty slot');
    return { adapter, type: 0, mode: 'C' };
  }
  const { type = NEWEST_TYPE, mode = 'C', functions } = card ?? {};
  if (card?.type === undefined || card.mode === undefined)
    tell(
      where,
      `no file says the ${card?.type === undefined ? 'type' : 'mode'} of the card: taken for a CEX8C`,
    );
  if (type > NEWEST_TYPE) tell(where, `hardware type ${type} is newer than the rules know: taken for a CEX8`);
  return {
    adapter,
    type: Math.min(type, NEWEST_TYPE),
    mode,
    ...(functions === undefined ? {} : { functions }),
  };
}
