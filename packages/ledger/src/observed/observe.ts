/** What an agent saw enters the log: in its epoch, in order, without gaps, and only as what can follow on the facts before. */
import { observationId } from '@apledger/agent-protocol';
import { Problem, type Reply, type Request } from '@apledger/api';
import { CommandIdUsed } from '@apledger/command-handler';
import { decideAgain } from '@apledger/event-log';
import { type Fact, InvalidFact, UnknownFact } from '@apledger/events';
import { ImpossibleFact } from '@apledger/host';
import type { Author } from '../access/facts.ts';
import type { LogLedger } from '../log-ledger.ts';
import { fence } from './fence.ts';
import type { Watched } from './watched.ts';

type Observed = Request<'agentObserve'>;
type Commit = Observed['commits'][number];

/** Only the ledger itself says these. */
const OF_THE_LEDGER: ReadonlySet<Fact['type']> = new Set([
  'HostRegistered',
  'ObservationBegan',
  'CommandRequested',
  'AgentFenced',
]);

/**
 * Records the commits, each once. Throws Problem: `fenced`, `wrong-sequence`, and `impossible-observation` for a commit that cannot
 * follow; those before it are recorded then.
 */
export async function observe(
  ledger: LogLedger,
  { commits, ...claimant }: Observed,
  author: Author,
): Promise<Reply<'agentObserve'>> {
  for (const commit of commits) await record(ledger, claimant, commit, author);
  const { lastSequence, revision } = await ledger.observed.sync(claimant.host);
  return { lastSequence, revision };
}

async function record(
  ledger: LogLedger,
  claimant: Omit<Observed, 'commits'>,
  commit: Commit,
  author: Author,
): Promise<void> {
  const { host, agent, epoch } = claimant;
  await decideAgain(async () => {
    const watched = await ledger.observed.sync(host);
    if (!watched.hears(agent, epoch)) await fence(ledger, claimant, watched, author);
    checkSequence(watched, commit);
    try {
      if (commit.sequence > watched.lastSequence) checkFacts(watched, commit, epoch);
      await append(ledger, host, epoch, commit, author, watched.revision);
    } catch (error) {
      // Another agent that has this one's identity, as after a copy of its disk, has told something else.
      if (error instanceof CommandIdUsed) await fence(ledger, claimant, watched, author);
      throw isImpossible(error) ? impossible(commit, error.message) : error;
    }
  });
}

function checkSequence({ lastSequence }: Watched, { sequence }: Commit): void {
  if (sequence <= lastSequence + 1) return;
  const text = `Commit ${sequence} does not follow on commit ${lastSequence}, the last one that is recorded.`;
  throw new Problem(409, 'wrong-sequence', text, { expected: lastSequence + 1, actual: sequence });
}

/** Throws Problem for what only a broken agent says. */
function checkFacts({ open }: Watched, commit: Commit, epoch: number): void {
  const [first, ...facts] = commit.facts;
  if (first?.type !== 'HostObserved' || first.data.epoch !== epoch || first.data.sequence !== commit.sequence)
    throw impossible(commit, `it does not begin with HostObserved of epoch ${epoch}`);
  for (const fact of facts) {
    if (fact.type === 'HostObserved' || OF_THE_LEDGER.has(fact.type))
      throw impossible(commit, `${fact.type} is not for an agent to say`);
    if (fact.type === 'CommandSettled' && !open.has(fact.data.request))
      throw impossible(commit, `command ${fact.data.request} is not open`);
  }
}

async function append(
  { handler }: LogLedger,
  host: string,
  epoch: number,
  commit: Commit,
  { auth }: Author,
  expected: number,
): Promise<void> {
  const { sequence, actor, occurredAt, facts } = commit;
  await handler.record({
    host,
    commandId: observationId(host, epoch, sequence),
    mark: { type: 'Observation', ...commit },
    actor,
    ...(auth !== undefined && { auth }),
    occurredAt: new Date(occurredAt).toISOString(),
    facts,
    expected,
  });
}

const isImpossible = (error: unknown): error is Error =>
  error instanceof ImpossibleFact || error instanceof InvalidFact || error instanceof UnknownFact;

const impossible = ({ sequence }: Commit, reason: string): Problem =>
  new Problem(
    422,
    'impossible-observation',
    `Commit ${sequence} cannot be recorded: ${reason}. Nothing of it was.`,
  );
