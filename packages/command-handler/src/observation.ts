/** What an agent saw on its host, recorded as it says: nothing is decided, all of it is checked. */
import { type Auth, type EventLog, markOf, WrongExpectedRevision } from '@apledger/event-log';
import { type Fact, streamOf } from '@apledger/events';
import { evolve, type HostState } from '@apledger/host';
import type { Hosts } from './hosts.ts';
import { newFact, recordedUnder } from './recorded.ts';

export interface Observation {
  readonly host: string;
  /** Follows from what is observed: the same observation is recorded once. */
  readonly commandId: string;
  /** What it is besides its facts, for who sends another one under the same id. */
  readonly mark: { readonly type: string };
  readonly actor: string;
  /** The agent, as the service found out. */
  readonly auth?: Auth;
  /** RFC 3339 in UTC with milliseconds. */
  readonly occurredAt: string;
  readonly facts: readonly Fact[];
  /** The revision on which the agent's place was looked up; another one throws WrongExpectedRevision. */
  readonly expected: number | 'none';
}

export interface Recorded {
  /** Of the host's last fact when the observation was recorded. */
  readonly revision: number;
  readonly isDuplicate: boolean;
}

/**
 * Throws ImpossibleFact and InvalidFact for facts that cannot follow, CommandIdUsed where another observation has the id,
 * WrongExpectedRevision, and what the log throws.
 */
export async function recordObservation(
  log: EventLog,
  hosts: Hosts,
  observation: Observation,
): Promise<Recorded> {
  const { host, commandId, mark, actor, auth, occurredAt, expected } = observation;
  const stream = streamOf(host);
  const state = await hosts.load(host);
  const recorded = await recordedUnder(log, commandId, stream, mark);
  const last = recorded.at(-1);
  if (last !== undefined) return { revision: last.revision, isDuplicate: true };
  const actual = state.revision < 0 ? 'none' : state.revision;
  if (actual !== expected) throw new WrongExpectedRevision(stream, expected, actual);
  const facts = observation.facts.map((fact) => newFact(fact, occurredAt));
  checkFold(state, observation.facts);
  const appended = await log.append({
    stream,
    expected,
    commandId,
    actor,
    command: markOf(mark),
    ...(auth !== undefined && { auth }),
    correlation: commandId,
    facts,
  });
  if (!appended.duplicate) hosts.advance(host, state, facts, appended);
  return { revision: appended.lastRevision, isDuplicate: appended.duplicate };
}

/** Throws ImpossibleFact where the facts cannot follow on the state, which stays as it is. */
function checkFold(state: HostState, facts: readonly Fact[]): void {
  state.begin();
  try {
    for (const fact of facts) evolve(state, fact);
  } finally {
    state.rollback();
  }
}
