/** What the tests of relay and subscribers share: logs with facts that really could have happened, and relays to run. */
import { CommandHandler } from '@apledger/command-handler';
import { type EventLog, type NewFact, openSqliteLog, type RecordedFact } from '@apledger/event-log';
import type { Command } from '@apledger/events';
import { type RelayOptions, type RelayState, relay } from '@apledger/messages/nats';
import { natsServers } from '@apledger/nats/address';
import { atEnd, scratch } from '../support/file.ts';
import { type NatsServer, type NatsServerOptions, natsProgram, startNats } from '../support/nats.ts';

/** The server of the distribution, 2.9 on Debian 12: what relay and subscribers must get along with. */
export const program = natsProgram();

/** A server that ends with the tests. */
export async function broker(options: Omit<NatsServerOptions, 'program'> = {}): Promise<NatsServer> {
  const server = await startNats({ program, ...options });
  atEnd(() => server.dispose());
  return server;
}

/** A log in a directory, open until the tests end. */
export async function openLog(directory = scratch()): Promise<EventLog & { readonly directory: string }> {
  const log = await openSqliteLog({ directory, synchronous: 'NORMAL' });
  atEnd(() => log.close());
  return Object.assign(log, { directory });
}

export const mdevOf = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

/** Commands for a host with two adapters for guests, as an administrator would give them. */
export function commandsFor(host: string): readonly Command[] {
  const [mdev = '', other = ''] = [mdevOf(1), mdevOf(2)];
  return [
    {
      type: 'RegisterHost',
      host,
      driver: '2019-v2',
      hardware: {
        qci: true,
        apxa: true,
        maxAdapter: 255,
        maxDomain: 255,
        adapters: [5, 6],
        domains: [4, 0x47],
        controlDomains: [],
        cards: [],
      },
      boot: { apmask: null, aqmask: null },
    },
    { type: 'WriteMask', mask: 'apmask', text: '-5,-6' },
    { type: 'CreateMdev', text: mdev },
    { type: 'AssignAdapter', mdev, text: '5' },
    { type: 'AssignDomain', mdev, text: '0x47' },
    { type: 'StartGuest', mdev, guest: 'web.1' },
    { type: 'AssignDomain', mdev, text: '4' },
    { type: 'AssignAdapter', mdev, text: '0x1ff' },
    { type: 'StopGuest', mdev },
    { type: 'CreateMdev', text: other },
    { type: 'UnassignAdapter', mdev, text: '5' },
    { type: 'AssignAdapter', mdev: other, text: '5' },
    { type: 'AssignDomain', mdev: other, text: '0x47' },
    { type: 'StartGuest', mdev: other, guest: 'db' },
  ];
}

/** Carries out commands on a host, one after the other. */
export async function submit(log: EventLog, host: string, commands: readonly Command[]): Promise<void> {
  const handler = new CommandHandler(log);
  for (const command of commands) await handler.submit({ host, command, actor: 'anna@test' });
}

/** Facts with a bus scan's number, for when it does not matter what happened. */
export const scans = (count: number, from = 1): readonly NewFact[] =>
  Array.from({ length: count }, (_, n) => ({
    type: 'BusScanned',
    version: 1,
    occurredAt: new Date().toISOString(),
    data: { scans: from + n },
    packed: new Uint8Array(0),
  }));

/** Appends facts to a stream as one command. */
export const append = (log: EventLog, stream: string, facts: readonly NewFact[]): Promise<unknown> =>
  log.append({
    stream,
    expected: 'any',
    commandId: crypto.randomUUID(),
    actor: 'anna@test',
    correlation: 'test',
    facts,
  });

export async function factsOf(log: EventLog): Promise<RecordedFact[]> {
  const facts: RecordedFact[] = [];
  for await (const fact of log.readAll()) facts.push(fact);
  return facts;
}

/** A relay that runs in this process, and what it said. */
export interface RunningRelay {
  readonly states: readonly RelayState[];
  /** Resolves when one of its states, past or future, is like this; rejects when the relay fails. */
  until(wanted: (state: RelayState) => boolean): Promise<RelayState>;
  /** Resolves when everything up to the position is in the stream. */
  acknowledged(position: number): Promise<unknown>;
  /** Ends it, and resolves when it has ended. */
  stop(): Promise<void>;
}

export function startRelay({
  url,
  ...options
}: Omit<RelayOptions, 'server' | 'signal' | 'onState'> & { readonly url: string }): RunningRelay {
  const control = new AbortController();
  const states: RelayState[] = [];
  const watchers = new Set<(state: RelayState) => void>();
  const onState = (state: RelayState): void => {
    states.push(state);
    for (const watcher of watchers) watcher(state);
  };
  const ended = relay({ ...options, server: natsServers(url), signal: control.signal, onState });
  ended.catch(() => undefined); // a test that waits for it hears of it
  atEnd(() => {
    control.abort();
    return ended.catch(() => undefined);
  });
  const until = (wanted: (state: RelayState) => boolean): Promise<RelayState> => {
    const found = states.find(wanted);
    if (found !== undefined) return Promise.resolve(found);
    const { promise, resolve, reject } = Promise.withResolvers<RelayState>();
    watchers.add((state) => {
      if (wanted(state)) resolve(state);
    });
    ended.then(() => reject(new Error('the relay has ended')), reject);
    return promise;
  };
  return {
    states,
    until,
    acknowledged: (position) =>
      until((state) => state.state === 'acknowledged' && state.position >= position),
    stop: () => {
      control.abort();
      return ended;
    },
  };
}
