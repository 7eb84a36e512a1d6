/** Where the host in the ledger is not what was seen, and what could not be seen. */
import {
  andNot,
  apidOf,
  apqiOf,
  apqn,
  equalMatrices,
  equals,
  firstNames,
  formatApid,
  formatApqi,
  formatApqn,
  formatCard,
  formatMask,
  idsOf,
  isEmpty,
  type Matrix,
  maskOf,
} from '@apledger/ap';
import { MASK_NAMES } from '@apledger/events';
import { driverOf, type HostState, isOpen, queueOf, queuesOf } from '@apledger/host';
import type { ObservedHost, ObservedMdev, ObservedQueue, Problem } from './observed.ts';
import { wantedMask, wantedMdevs } from './steps.ts';
import { equalProducts } from './values.ts';

/** So many names in one line; the rest is a number. */
const MAX_NAMES = 8;

/** Every difference between the host in the ledger and what the files say of it. */
export function differences(state: HostState, observed: ObservedHost): Problem[] {
  const masks = MASK_NAMES.flatMap((name) => {
    const wanted = wantedMask(observed, name);
    return wanted === undefined || equals(wanted, state[name])
      ? []
      : [{ where: name, what: `is ${formatMask(state[name])}, and was ${formatMask(wanted)}` }];
  });
  const cards = observed.cards.flatMap(({ adapter }) =>
    state.cards.has(adapter) ? [] : [{ where: formatCard(adapter), what: 'is not there' }],
  );
  return [
    ...masks,
    ...cards,
    ...queueDifferences(state, observed),
    ...wantedMdevs(observed).flatMap((mdev) => mdevDifferences(state, mdev)),
    ...guestDifferences(state, observed),
  ];
}

function queueDifferences(state: HostState, { queues }: ObservedHost): Problem[] {
  if (queues.length === 0) return [];
  const problems: Problem[] = [];
  const groups = Map.groupBy(queues, ({ queue, driver }) => queueDifference(state, queue, driver));
  for (const [what, members] of groups)
    if (what !== undefined) problems.push({ where: names(members), what });
  const seen = Map.groupBy(queues, ({ queue }) => apidOf(queue));
  const extra = [...state.cards.keys()].flatMap((apid) => {
    const known = maskOf((seen.get(apid) ?? []).map(({ queue }) => apqiOf(queue)));
    return idsOf(andNot(queuesOf(state, apid), known)).map((apqi) => ({ queue: apqn(apid, apqi) }));
  });
  return extra.length === 0 ? problems : [...problems, { where: names(extra), what: 'was not there' }];
}

function queueDifference(
  state: HostState,
  queue: number,
  was: string | null | undefined,
): string | undefined {
  if (queueOf(state, apidOf(queue), apqiOf(queue)) === undefined) return 'is not there';
  const is = driverOf(state, queue);
  return was === undefined || is === was ? undefined : `has ${is ?? 'no driver'}, and had ${was ?? 'none'}`;
}

const names = (queues: readonly Pick<ObservedQueue, 'queue'>[]): string =>
  firstNames(
    queues.map(({ queue }) => formatApqn(queue)),
    MAX_NAMES,
  );

function mdevDifferences(state: HostState, { uuid, assigned, guestMatrix }: ObservedMdev): Problem[] {
  const where = `mdev ${uuid}`;
  const mdev = state.mdevs.get(uuid);
  if (mdev === undefined) return [{ where, what: 'is not there' }];
  const problems: Problem[] = [];
  if (assigned !== undefined && !equalMatrices(mdev.assigned, assigned))
    problems.push({
      where,
      what: `is assigned ${matrixText(mdev.assigned)}, and was assigned ${matrixText(assigned)}`,
    });
  if (guestMatrix !== undefined && mdev.guestMatrix !== null && !equalProducts(mdev.guestMatrix, guestMatrix))
    problems.push({
      where,
      what: `by the rules its guest matrix is ${matrixText(mdev.guestMatrix)}; on the host it was ${matrixText(guestMatrix)}`,
    });
  return problems;
}

const matrixText = ({ adapters, domains }: Matrix): string => {
  const list = (ids: readonly number[], format: (id: number) => string): string =>
    ids.length === 0 ? 'none' : ids.map(format).join(',');
  return `adapters ${list(idsOf(adapters), formatApid)} domains ${list(idsOf(domains), formatApqi)}`;
};

/** Guests that do not run here, and mdevs that a guest used whose name no file has. */
function guestDifferences(state: HostState, observed: ObservedHost): Problem[] {
  const named = (observed.guests ?? []).flatMap(({ name, mdev }) =>
    state.mdevs.get(mdev)?.guest === name
      ? []
      : [{ where: `guest ${name}`, what: `does not run with mdev ${mdev}` }],
  );
  const inUse = new Set(
    observed.queues.filter(({ status }) => status === 'in use').map(({ queue }) => queue),
  );
  const unnamed = [...state.mdevs.values()].flatMap((mdev) => {
    const isUsed = !isOpen(mdev) && [...inUse].some((queue) => isIn(mdev.assigned, queue));
    return isUsed
      ? [
          {
            where: `mdev ${mdev.uuid}`,
            what: 'a guest uses it, and no file names the guest (capture --guests does)',
          },
        ]
      : [];
  });
  return [...named, ...unnamed];
}

const isIn = ({ adapters, domains }: Matrix, queue: number): boolean =>
  !isEmpty(adapters) && idsOf(adapters).includes(apidOf(queue)) && idsOf(domains).includes(apqiOf(queue));

/** What none of the files says; and where what is kept for the next boot is not what was there. */
export function unsaid(observed: ObservedHost): Problem[] {
  const problems: Problem[] = [];
  const tell = (where: string, what: string): void => void problems.push({ where, what });
  for (const name of MASK_NAMES) {
    const [now, kept] = [observed.masks[name], observed.kept[name]];
    if (now !== undefined && kept !== undefined && !equals(now, kept))
      tell(name, `41-ap.rules keeps ${formatMask(kept)} for the next boot: not what the host has now`);
    if (now === undefined && kept === undefined)
      tell(
        name,
        observed.boot[name] === undefined ? 'no file says it: all ones' : 'only the boot parameter is known',
      );
  }
  if (observed.mdevs === undefined)
    if (observed.definitions.length === 0) tell('mdevs', 'no file says which there are: none are made');
    else tell('mdevs', 'from definitions: no file says which of them are started; all are made');
  else tellDefinitions(observed.mdevs, observed.definitions, tell);
  if (observed.guests === undefined) tell('guests', 'no file names any: none are started');
  return problems;
}

function tellDefinitions(
  mdevs: readonly ObservedMdev[],
  definitions: readonly ObservedMdev[],
  tell: (where: string, what: string) => void,
): void {
  const there = new Set(mdevs.map(({ uuid }) => uuid));
  const defined = new Set(definitions.map(({ uuid }) => uuid));
  for (const { uuid, start } of definitions)
    if (!there.has(uuid))
      tell(`mdev ${uuid}`, `defined for mdevctl (start: ${start ?? 'not said'}), but not there: not made`);
  for (const { uuid } of mdevs)
    if (!defined.has(uuid)) tell(`mdev ${uuid}`, 'there, but mdevctl has no definition: a reboot loses it');
}
