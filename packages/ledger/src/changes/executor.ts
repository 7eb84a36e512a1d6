/** Who carries the steps of changes out: a port, so that a host that only an agent can reach is one more kind. */
import { isDeepStrictEqual } from 'node:util';
import { matricesDigest, type StepOutcome } from '@apledger/changes';
import { CommandIdUsed, type Submission } from '@apledger/command-handler';
import type { RecordedFact } from '@apledger/event-log';
import { type Command, changeStreamOf, parseFact, streamOf } from '@apledger/events';
import type { LogLedger } from '../log-ledger.ts';
import { recordAtHead } from '../observed/fence.ts';
import { explained, settlementOf } from '../observed/settled.ts';

/** One step, as it is given to a host. */
export interface GivenStep extends Pick<Submission, 'actor' | 'auth' | 'admit'> {
  readonly host: string;
  readonly change: string;
  readonly command: Command;
  /** What was done under it is not done again. */
  readonly commandId: string;
  /** Of the host for which this was decided. */
  readonly revision: number;
}

export interface StepExecutor {
  /**
   * Gives the command to the host; resolves when it is done, or on its way. Throws WrongExpectedRevision, and gives nothing, where the host's
   * matrices are not those of the revision; and what `admit` says.
   */
  give(step: GivenStep): Promise<void>;
  /** What came of the command; undefined = it never came to the host. */
  outcome(host: string, commandId: string): Promise<StepOutcome | undefined>;
  /** Makes sure that a command that never came to the host never will. */
  cancel(step: Pick<GivenStep, 'host' | 'change' | 'commandId' | 'actor'>): Promise<void>;
}

/** Takes the place of a command that shall not come: nothing follows of it, and it is recorded under the command's id. */
const NOTHING: Command = { type: 'WriteAttribute', path: 'bus/ap/uevent', text: '' };
const NOTHING_FOLLOWED = { type: 'CommandHadNoEffect', data: { command: NOTHING } } as const;

/** The hosts of the log: the rules decide at once for a simulated one, and an agent carries out what a real one is asked. */
export function hostsOf(ledger: LogLedger): StepExecutor {
  const { log, handler } = ledger;
  return {
    async give({ host, change, revision, ...step }) {
      // Of a real host nobody waits here for its agent: its settlement is a fact, which wakes the mover.
      await ledger.record({ host, correlation: changeStreamOf(change), expected: revision, ...step });
    },
    async outcome(host, commandId) {
      const recorded = await log.readCommand(streamOf(host), commandId);
      const last = recorded.at(-1);
      if (last === undefined) return undefined;
      const [request] = recorded;
      const { open } = await ledger.observed.sync(host);
      if (open.has(commandId)) return { is: 'pending' };
      if (request?.type === 'CommandRequested') return settledStep(ledger, host, commandId, request.revision);
      if (recorded.some(isCancelled)) return { is: 'not-begun', reason: 'It was called off before it came.' };
      const other = refusalIn(recorded) ?? failedResetIn(recorded);
      if (other !== undefined) return other;
      const state = await handler.stateAt(host, { revision: last.revision });
      if (state === undefined)
        throw new TypeError(`host ${host} is not there after revision ${last.revision}`);
      return { is: 'done', revision: last.revision, matrices: matricesDigest(state) };
    },
    async cancel({ host, change, ...rest }) {
      try {
        const isReal = ((await handler.state(host))?.agentEpoch ?? 0) > 0;
        // The id is taken: a command under it is refused from now on.
        if (isReal) await recordAtHead(ledger, { host, ...rest, mark: NOTHING, facts: [NOTHING_FOLLOWED] });
        else await ledger.submit({ host, correlation: changeStreamOf(change), command: NOTHING, ...rest });
      } catch (error) {
        // The command has come in the meantime: it is done, and settled like any other.
        if (!(error instanceof CommandIdUsed)) throw error;
      }
    },
  };
}

/** What the agent says became of it. */
async function settledStep(
  ledger: LogLedger,
  host: string,
  commandId: string,
  requestedAt: number,
): Promise<StepOutcome> {
  const { settled, revision } = await settlementOf(ledger, { host, commandId, revision: requestedAt });
  const { outcome, errno, explanation, found } = settled;
  if (outcome === 'refused' && errno !== undefined) return { is: 'refused', errno, explanation };
  if (outcome === 'expired' || outcome === 'refused') return { is: 'not-begun', reason: explanation };
  if (outcome !== 'done') return { is: 'unknown', reason: explained(explanation, found) };
  const state = await ledger.handler.stateAt(host, { revision });
  if (state === undefined) throw new TypeError(`host ${host} is not there after revision ${revision}`);
  return { is: 'done', revision, matrices: matricesDigest(state) };
}

/** Who writes to `reset` does not learn how that ended (driver-rules 4.2), but its fact says so. */
function failedResetIn(recorded: readonly RecordedFact[]): StepOutcome | undefined {
  for (const { type, version, data } of recorded) {
    if (type !== 'QueueReset') continue;
    const fact = parseFact(type, version, data);
    if (fact.type !== 'QueueReset' || fact.data.by !== 'administrator' || fact.data.responseCode === 0)
      continue;
    const code = fact.data.responseCode.toString(16).padStart(2, '0');
    return { is: 'failed', reason: `${fact.data.queues.join(', ')}: reset answered ${code}` };
  }
  return undefined;
}

/** Whether it is what was recorded in the place of a command that shall not come. */
function isCancelled({ type, version, data }: RecordedFact): boolean {
  if (type !== 'CommandHadNoEffect') return false;
  const fact = parseFact(type, version, data);
  return fact.type === 'CommandHadNoEffect' && isDeepStrictEqual(fact.data.command, NOTHING);
}

function refusalIn(recorded: readonly RecordedFact[]): StepOutcome | undefined {
  for (const { type, version, data } of recorded) {
    if (type !== 'CommandRejected') continue;
    const fact = parseFact(type, version, data);
    if (fact.type !== 'CommandRejected') continue;
    const { errno, explanation } = fact.data;
    return { is: 'refused', errno, explanation };
  }
  return undefined;
}
