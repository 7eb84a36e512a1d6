/**
 * Alerts when a queue passes from one guest to another without a reset in between: the second could meet what the first left in it.
 *
 *     npm run node -- examples/alert-unreset-queue.ts [nats://localhost:4222]
 *
 * Needs a relay (`apledger relay`). It reads the history first, since who had a queue before may be long ago, and then waits for more.
 */
import type { FactOf } from '@apledger/events';
import { subscribe } from '@apledger/messages/nats';
import { connectNats } from '@apledger/nats';
import { natsServers } from '@apledger/nats/address';
import { visible } from '@apledger/text';

/** The types of facts that tell who holds a queue, and whether it was reset. */
export const WATCHED = [
  'GuestStarted',
  'GuestStopped',
  'MdevAttached',
  'MdevDetached',
  'GuestMatrixChanged',
  'QueueReset',
  'QueueZeroized',
] as const;
type Watched = FactOf<(typeof WATCHED)[number]> & { readonly host: string };

/** A queue that went from hand to hand as it was. */
export interface Alert {
  readonly host: string;
  readonly queue: string;
  readonly from: string;
  readonly to: string;
}

interface Holding {
  readonly guest: string;
  readonly queues: ReadonlySet<string>;
}

/** What the alerts depend on: keys are `host mdev` and `host queue`. */
export interface Custody {
  /** Who holds which queues now, by mdev. */
  readonly holdings: ReadonlyMap<string, Holding>;
  /** The last guest of each queue that was not reset since it had it. */
  readonly unreset: ReadonlyMap<string, string>;
}

export const NOTHING_KNOWN: Custody = { holdings: new Map(), unreset: new Map() };

/** The custody after a fact, and what is to be told about it. Pure. */
export function follow(custody: Custody, fact: Watched): { custody: Custody; alerts: readonly Alert[] } {
  const { host, type, data } = fact;
  switch (type) {
    case 'QueueReset':
      return { custody: data.responseCode === 0 ? reset(custody, host, data.queues) : custody, alerts: [] };
    case 'QueueZeroized':
      return { custody: reset(custody, host, data.queues), alerts: [] };
    case 'GuestStarted':
    case 'MdevAttached':
      return hold(
        custody,
        host,
        data.mdev,
        data.guest ?? `holder of mdev ${data.mdev}`,
        queuesOf(data.effective),
      );
    case 'GuestMatrixChanged': {
      const guest = custody.holdings.get(`${host} ${data.mdev}`)?.guest;
      // The matrix of an mdev that nobody has open is nobody's.
      return guest === undefined
        ? { custody, alerts: [] }
        : hold(custody, host, data.mdev, guest, queuesOf(data.effective));
    }
    case 'GuestStopped':
    case 'MdevDetached': {
      const holdings = new Map(custody.holdings);
      holdings.delete(`${host} ${data.mdev}`);
      return { custody: { ...custody, holdings }, alerts: [] };
    }
  }
}

/** From now on the guest can use these queues; what it gains, it may gain from somebody. */
function hold(custody: Custody, host: string, mdev: string, guest: string, queues: ReadonlySet<string>) {
  const before = custody.holdings.get(`${host} ${mdev}`)?.queues ?? new Set<string>();
  const alerts: Alert[] = [];
  const unreset = new Map(custody.unreset);
  for (const queue of queues) {
    if (before.has(queue)) continue;
    const from = unreset.get(`${host} ${queue}`);
    if (from !== undefined && from !== guest) alerts.push({ host, queue, from, to: guest });
    unreset.set(`${host} ${queue}`, guest);
  }
  const holdings = new Map(custody.holdings).set(`${host} ${mdev}`, { guest, queues });
  return { custody: { holdings, unreset }, alerts };
}

/** A queue is clean once it was reset and nobody can use it any more. */
function reset(custody: Custody, host: string, queues: readonly string[]): Custody {
  const unreset = new Map(custody.unreset);
  for (const queue of queues) if (!isHeld(custody, host, queue)) unreset.delete(`${host} ${queue}`);
  return { ...custody, unreset };
}

const isHeld = ({ holdings }: Custody, host: string, queue: string): boolean =>
  [...holdings].some(([key, { queues }]) => key.startsWith(`${host} `) && queues.has(queue));

type Effective = { readonly adapters: readonly number[]; readonly domains: readonly number[] } | null;

function queuesOf(effective: Effective): ReadonlySet<string> {
  const hex = (id: number): string => id.toString(16).padStart(2, '0');
  const { adapters, domains } = effective ?? { adapters: [], domains: [] };
  return new Set(adapters.flatMap((adapter) => domains.map((domain) => `${hex(adapter)}.00${hex(domain)}`)));
}

if (process.argv[1] === import.meta.filename) {
  const connection = await connectNats(natsServers(process.argv[2] ?? 'nats://localhost:4222'), 'alerts');
  const ending = new AbortController();
  process.once('SIGINT', () => ending.abort()).once('SIGTERM', () => ending.abort());
  const facts = await subscribe({ connection, types: WATCHED, from: 'start', signal: ending.signal });
  console.log('watching');
  let custody = NOTHING_KNOWN;
  for await (const fact of facts) {
    const { custody: after, alerts } = follow(custody, fact);
    custody = after;
    // A guest's name may hold anything; an alert is one line.
    for (const { host, queue, from, to } of alerts)
      console.log(
        visible(
          `ALERT ${fact.recorded.occurredAt} ${host}: ${queue} went from ${from} to ${to} without a reset`,
        ),
      );
  }
  await connection.close();
}
