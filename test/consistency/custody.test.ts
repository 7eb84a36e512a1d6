/**
 * Custody against the model: what the fold of packed facts says of every queue is what the states say on which the rules decide, commit
 * by commit. The model is slow and shares no code with the fold.
 */
import { formatApqn, matrixHas } from '@apledger/ap';
import type { Custody, CustodyInterval, Exposure, Holder } from '@apledger/api';
import { type EventLog, openMemoryLog, type RecordedFact } from '@apledger/event-log';
import { type Command, type Generation, parseFact } from '@apledger/events';
import { evolve, HostState, queueOf } from '@apledger/host';
import { openCustody } from '@apledger/projections';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sized } from '../support/long.ts';
import { busyLife, newHost, unresetLife } from './histories.ts';

const POSITIVE = expect.toSatisfy((count: number) => count > 0);

const QUEUES = [0, 1, 2, 3].flatMap((apid) => [0, 1, 2, 3].map((apqi) => ({ apid, apqi })));

/** Who can use the queue in a state, as text; guests first. */
function usersOf(state: HostState | undefined, apid: number, apqi: number): string[] {
  if (state === undefined) return [];
  const guests = [...state.mdevs.values()].filter(
    ({ effective }) => effective !== null && matrixHas(effective, apid, apqi),
  );
  const queue = queueOf(state, apid, apqi);
  const isHosts = queue !== undefined && queue.state === 'zcrypt';
  return [...guests.map(({ guest, uuid }) => `${guest} on ${uuid}`), ...(isHosts ? ['host'] : [])];
}

interface Commit {
  readonly id: string;
  readonly first: number;
  readonly last: number;
  /** By queue: who can use it afterwards, and the revisions of the resets in it that found it unused. */
  readonly users: ReadonlyMap<string, readonly string[]>;
  readonly resets: ReadonlyMap<string, readonly number[]>;
}

/** The host's commits, each with the state after it; resets judged by the state in the middle. */
async function commitsOf(log: EventLog): Promise<Commit[]> {
  const facts: RecordedFact[] = [];
  for await (const fact of log.readStream('host-h')) facts.push(fact);
  const commits: Commit[] = [];
  const state = new HostState();
  for (const [id, group] of Map.groupBy(facts, ({ cause }) => cause)) {
    const resets = new Map<string, number[]>();
    for (const { type, version, data, revision } of group) {
      const fact = parseFact(type, version, data);
      if (fact.type === 'QueueReset' && fact.data.responseCode === 0)
        for (const queue of fact.data.queues) {
          const [apid = 0, apqi = 0] = queue.split('.').map((part) => Number.parseInt(part, 16));
          const isGuests = usersOf(state, apid, apqi).some((user) => user !== 'host');
          if (!isGuests) resets.set(queue, [...(resets.get(queue) ?? []), revision]);
        }
      evolve(state, fact);
    }
    const users = new Map(
      QUEUES.map(({ apid, apqi }) => [formatApqn((apid << 8) | apqi), usersOf(state, apid, apqi)]),
    );
    commits.push({ id, first: group[0]?.revision ?? 0, last: group.at(-1)?.revision ?? 0, users, resets });
  }
  return commits;
}

interface Expected {
  users: readonly string[];
  from: string | null;
  until: string | null;
  resetBefore: boolean | null;
  reset: number | null;
}

function expectedOf(queue: string, commits: readonly Commit[]): Expected[] {
  const spans: { users: readonly string[]; from: Commit | null; until: Commit | null }[] = [
    { users: [], from: null, until: null },
  ];
  for (const commit of commits) {
    const last = spans.at(-1);
    const users = commit.users.get(queue) ?? [];
    if (last === undefined || String(last.users) === String(users)) continue;
    last.until = commit;
    spans.push({ users, from: commit, until: null });
  }
  return spans.map(({ users, from, until }, i) => {
    const before = spans.slice(0, i).findLast((span) => span.users.length > 0);
    const end = users.length > 0 ? from : until;
    const resets = commits
      .flatMap((commit) => commit.resets.get(queue) ?? [])
      .filter(
        (revision) =>
          before?.until != null && revision >= before.until.first && revision <= (end?.last ?? Infinity),
      );
    const resetBefore = before === undefined ? null : resets.length > 0;
    return { users, from: from?.id ?? null, until: until?.id ?? null, resetBefore, reset: resets[0] ?? null };
  });
}

const userOf = (holder: Holder): string[] => {
  if (holder.kind === 'guest') return [`${holder.guest} on ${holder.mdev}`];
  return holder.kind === 'host' ? ['host'] : [];
};

const found = ({ holder, sharedWith, from, until, resetBefore, reset }: Custody): Expected => ({
  users: [holder, ...sharedWith].flatMap(userOf),
  from: from?.commandId ?? null,
  until: until?.commandId ?? null,
  resetBefore,
  reset: reset?.revision ?? null,
});

/** What of the queues goes from a guest to somebody else without a reset: `05.0047 a on u -> host, command`. */
function handoversOf(queue: string, spans: readonly Expected[]): string[] {
  return spans.flatMap(({ users: [to], from, resetBefore }, i) => {
    const giver = spans.slice(0, i).findLast(({ users }) => users.length > 0)?.users[0];
    if (to === undefined || giver === undefined || giver === 'host' || resetBefore !== false) return [];
    const same =
      giver.split(' on ')[0] === to.split(' on ')[0] && (!giver.startsWith('null') || giver === to);
    return same ? [] : [`${queue} ${giver} -> ${to}, ${from}`];
  });
}

const handover = (exposure: Exposure): string[] =>
  exposure.kind === 'unreset-handover'
    ? [`${exposure.apqn} ${userOf(exposure.from)} -> ${userOf(exposure.to)}, ${exposure.at.commandId}`]
    : [];

/** An administrator resets a queue that the host uses; then the host has to give it up. */
const wiped: readonly Command[] = [
  { type: 'WriteMask', mask: 'apmask', text: '+3' },
  { type: 'ResetQueue', queue: '03.0001', text: '1' },
  { type: 'WriteMask', mask: 'apmask', text: '-3' },
];

/** Commands, and the milliseconds before each. */
const steps = fc
  .tuple(busyLife, fc.array(fc.constantFrom(0, 1, 100_000), { minLength: 9, maxLength: 9 }))
  .map(([commands, leaps]) =>
    [...commands, ...wiped].map((one, i) => [one, leaps[i % leaps.length] ?? 0] as const),
  );

/** A history under a clock that stands still, ticks or leaps between commands, and may tick within them. */
async function historyOf(
  generation: Generation,
  list: readonly (readonly [Command, number])[],
  ticks: boolean,
): Promise<EventLog> {
  let time = Date.parse('2026-11-17T09:00:00Z');
  const { log, submit } = await newHost(generation, () => new Date(ticks ? time++ : time));
  for (const [one, leap] of list) {
    time += leap;
    await submit(one);
  }
  return log;
}

describe.each(['2019-v2', '5.10', '6.1', '6.12', '7.3'] as const)(
  'the custody of the queues of a %s host',
  (generation) => {
    it('is what the states after every commit say', async () => {
      const seen = { guest: 0, host: 0, unreset: 0, exposed: 0 };
      await fc.assert(
        fc.asyncProperty(steps, fc.boolean(), async (list, ticks) => {
          const log = await historyOf(generation, list, ticks);
          const commits = await commitsOf(log);
          const queries = openCustody({ log });
          const handovers: string[] = [];
          for (const queue of commits[0]?.users.keys() ?? []) {
            const report = await queries.custody('h', queue);
            const expected = expectedOf(queue, commits);
            expect({ queue, spans: report?.intervals.map(found) }).toEqual({ queue, spans: expected });
            handovers.push(...handoversOf(queue, expected));
            for (const { users, resetBefore } of expected) {
              if (users[0] !== undefined) seen[users[0] === 'host' ? 'host' : 'guest'] += 1;
              if (resetBefore === false) seen.unreset += 1;
            }
          }
          seen.exposed += handovers.length;
          expect((await queries.exposures('h'))?.exposures.flatMap(handover).sort()).toEqual(
            handovers.sort(),
          );
        }),
        { numRuns: sized(30, 600), examples: [[unresetLife.map((one) => [one, 1] as const), true]] },
      );
      // Otherwise nothing of note was compared; the first example alone has each of them.
      expect(seen).toMatchObject({ guest: POSITIVE, host: POSITIVE, unreset: POSITIVE });
    });

    it('as of a moment is that of the log up to the end of the commit there', async () => {
      await fc.assert(
        fc.asyncProperty(steps, fc.nat(), fc.nat(), async (list, a, b) => {
          const log = await historyOf(generation, list, true);
          const commits = await commitsOf(log);
          const end = await log.lastPosition();
          const [from, to] = [a % (end + 1), b % (end + 1)].sort((x, y) => x - y) as [number, number];
          // Positions of this log are revisions and one.
          const until = (position: number) => commits.filter(({ first }) => first < position);
          const queries = openCustody({ log });
          for (const queue of ['00.0000', '01.0001', '02.0002']) {
            const report = await queries.custody('h', queue, {
              from: { position: from },
              to: { position: to },
            });
            const gone = until(from).map(({ id }) => id);
            const expected = expectedOf(queue, until(to)).filter((span) => !gone.includes(span.until ?? ''));
            expect(report?.intervals.map(found)).toEqual(expected);
            expect(report?.position).toBe((until(to).at(-1)?.last ?? -1) + 1);
          }
        }),
        { numRuns: sized(20, 400) },
      );
    });

    it('is told alike queue by queue, by guest, and in groups', async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (list) => {
          const log = await historyOf(generation, list, true);
          const queries = openCustody({ log });
          const all: CustodyInterval[] = [];
          for (const { apid, apqi } of QUEUES)
            all.push(...((await queries.custody('h', formatApqn((apid << 8) | apqi)))?.intervals ?? []));
          const ever = new Set(all.filter(({ holder }) => holder.kind !== 'nobody').map(({ apqn }) => apqn));
          const audit = await queries.audit({ host: 'h', guest: null, from: null, to: null });
          const grouped = audit?.hosts[0]?.custody.flatMap(({ queues, ...custody }) =>
            queues.map((apqn) => ({ apqn, ...custody })),
          );
          expect(new Set(grouped?.map((one) => JSON.stringify(one)))).toEqual(
            new Set(all.filter(({ apqn }) => ever.has(apqn)).map((one) => JSON.stringify(one))),
          );
          for (const guest of ['web', 'db']) {
            const history = await queries.guestHistory('h', guest);
            const isGuests = ({ holder, sharedWith }: CustodyInterval) =>
              [holder, ...sharedWith].some((one) => one.kind === 'guest' && one.guest === guest);
            expect(history?.queues).toEqual(all.filter(isGuests));
          }
        }),
        { numRuns: sized(10, 200) },
      );
    });
  },
);

describe('custody', () => {
  it('knows no host that the log does not have, and refuses what is no queue', async () => {
    const queries = openCustody({ log: openMemoryLog() });
    expect(await queries.custody('h', '05.0047')).toBeUndefined();
    expect(await queries.guestHistory('h', 'web')).toBeUndefined();
    expect(await queries.exposures('h')).toBeUndefined();
    expect(await queries.audit({ host: 'h', guest: null, from: null, to: null })).toBeUndefined();
    await expect(queries.custody('h', '05.00zz')).rejects.toThrow('not a queue: "05.00zz"');
  });
});
