/**
 * The way back from a view to a state, for a page that has the JSON of a view and the facts after it, and no log. Facts that lead to
 * the view are made up and folded; the next facts fold onto them as onto the history that the view was made of.
 */
import { apqn, formatApqn } from '@apledger/ap';
import type { CardView, MatrixView, MdevView } from '@apledger/api';
import type { Fact, MatrixIds } from '@apledger/events';
import { evolve, HostState, placePlugs } from '@apledger/host';
import type { HostViewJson } from './view.ts';

/** The state that the view shows; what no view shows (hardware, order of queues) is made up. */
export function stateOfView(view: HostViewJson): HostState {
  const state = new HostState();
  for (const fact of factsOf(view)) evolve(state, fact);
  for (const { mdev, plug } of view.mdevs)
    for (const name of Object.keys(plug) as (keyof typeof plug)[]) placePlugs(state, mdev, plug[name], name);
  state.place(view.revision, view.position, Date.parse(view.occurredAt));
  return state;
}

const NO_IDS = { adapters: [], domains: [], controlDomains: [] };

function* factsOf(view: HostViewJson): Generator<Fact> {
  const { host, driver, apmask, aqmask } = view;
  const hardware = { qci: true, apxa: true, maxAdapter: 255, maxDomain: 255, ...NO_IDS, cards: [] };
  const bootParameters = { apmask: null, aqmask: null };
  yield { type: 'HostRegistered', data: { host, driver, hardware, apmask, aqmask, bootParameters } };
  for (const card of view.cards) yield* factsOfCard(card);
  for (const mdev of view.mdevs) yield* factsOfMdev(mdev);
}

/** An answer to a reset after which no generation passes a queue to a guest. */
const BUSY = 5;

function* factsOfCard({ adapter, queues, zcrypt, vfioAp, notPassable }: CardView): Generator<Fact> {
  const known = { configured: true, checkStopped: false };
  const named = (domains: readonly number[]) => ({
    queues: domains.map((apqi) => formatApqn(apqn(adapter, apqi))),
  });
  yield { type: 'CardDetected', data: { adapter, type: 14, mode: 'C', functions: 0, ...known } };
  if (queues.length > 0) yield { type: 'QueueDetected', data: { ...named(queues), ...known } };
  if (zcrypt.length > 0) yield { type: 'QueueBound', data: { driver: 'cex4queue', ...named(zcrypt) } };
  if (vfioAp.length > 0) yield { type: 'QueueBound', data: { driver: 'vfio_ap', ...named(vfioAp) } };
  if (notPassable.length > 0)
    yield { type: 'QueueReset', data: { by: 'vfio_ap', responseCode: BUSY, ...named(notPassable) } };
}

function* factsOfMdev(view: MdevView): Generator<Fact> {
  const { mdev, guest, attached } = view;
  const guestMatrix = view.guestMatrix && matrixOf(view.guestMatrix);
  const effective = view.effective && matrixOf(view.effective);
  const { adapters, domains, controlDomains } = matrixOf(view);
  yield { type: 'MdevCreated', data: { mdev } };
  yield { type: 'AdapterAssigned', data: { mdev, adapters } };
  yield { type: 'DomainAssigned', data: { mdev, domains } };
  yield { type: 'ControlDomainAssigned', data: { mdev, controlDomains } };
  if (view.open) yield { type: 'GuestStarted', data: { mdev, guest, attached, effective } };
  if (guestMatrix !== null) yield { type: 'GuestMatrixChanged', data: { mdev, ...guestMatrix, effective } };
  if (view.removing) yield { type: 'MdevRemovalBlocked', data: { mdev, effective } };
  if (view.migrating) yield { type: 'MigrationRequested', data: { mdev, guest } };
}

const matrixOf = ({ adapters, domains, controlDomains }: MatrixView): MatrixIds => ({
  adapters: [...adapters],
  domains: [...domains],
  controlDomains: [...controlDomains],
});
