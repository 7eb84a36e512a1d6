/** The answer to a command that an agent carries out: what the agent says became of it. */
import { Problem, type Receipt } from '@apledger/api';
import type { RecordedFact } from '@apledger/event-log';
import { type Errno, type Fact, type FactOf, parseFact, streamOf } from '@apledger/events';
import type { LogLedger } from '../log-ledger.ts';

/** Longer than an assignment takes; a mask that moves many queues may need more. */
const WAIT_MS = 30_000;

type Settled = FactOf<'CommandSettled'>['data'];

/** Whether an agent was asked for the command, and nothing is done yet. */
export const isRequested = ({ facts }: Receipt): boolean => facts?.[0]?.type === 'CommandRequested';

/**
 * Waits until the agent has settled what the receipt asks for. Throws Problem: `not-settled` when that takes longer than `waitMs`,
 * `unconfirmed` and `not-carried-out` when nobody may take the command for done.
 */
export async function settledReceipt(
  ledger: LogLedger,
  receipt: Receipt,
  waitMs = WAIT_MS,
): Promise<Receipt> {
  const { host, commandId } = receipt;
  const end = performance.now() + waitMs;
  for (;;) {
    const watched = await ledger.observed.sync(host);
    if (!watched.open.has(commandId)) break;
    const leftMs = end - performance.now();
    if (leftMs <= 0 || ledger.observed.isReleased)
      throw notSettled(receipt, watched.open.get(commandId)?.until ?? '');
    await ledger.observed.wait(host, watched, leftMs);
  }
  return answered(receipt, await settlementOf(ledger, receipt));
}

function notSettled({ host, commandId }: Receipt, until: string): Problem {
  const text = `The command was requested, and the agent of host ${host} has not settled it. It does not begin it after ${until}. Ask again with the same command id, ${commandId}: nothing is done twice.`;
  return new Problem(504, 'not-settled', text, { kept: 'unknown', commandId });
}

interface Settlement {
  readonly settled: Settled;
  /** What was seen of it, and the settlement. */
  readonly facts: readonly Fact[];
  readonly revision: number;
}

/** From the facts after the request, whose revision this is. */
export async function settlementOf(
  ledger: LogLedger,
  { host, commandId, revision }: Pick<Receipt, 'host' | 'commandId' | 'revision'>,
): Promise<Settlement> {
  const facts: Fact[] = [];
  let commit: Fact[] = [];
  let isOurs = false;
  for await (const recorded of ledger.log.readStream(streamOf(host), { from: revision + 1 })) {
    const fact = factOf(recorded);
    if (fact.type === 'HostObserved') {
      if (isOurs) facts.push(...commit);
      commit = [];
      isOurs = fact.data.evidence.some(({ source, text }) => source === 'command' && text === commandId);
    }
    commit.push(fact);
    if (fact.type === 'CommandSettled' && fact.data.request === commandId)
      return { settled: fact.data, facts: [...facts, ...commit], revision: recorded.revision };
  }
  throw new Error(`command ${commandId} is not open on host ${host}, and was never settled`);
}

const factOf = ({ type, version, data }: RecordedFact): Fact => parseFact(type, version, data);

function answered(receipt: Receipt, { settled, facts, revision }: Settlement): Receipt {
  const { outcome, errno, explanation, found } = settled;
  const { commandId } = receipt;
  if (outcome === 'unconfirmed')
    throw new Problem(502, 'unconfirmed', explained(explanation, found), { commandId });
  if (outcome === 'expired' || (outcome === 'refused' && errno === undefined))
    throw new Problem(409, 'not-carried-out', explanation, { commandId });
  const settlement = { outcome, explanation, ...(found !== undefined && { found }) };
  const answer = { ...receipt, revision, facts, settlement };
  return errno === undefined ? answer : { ...answer, refusal: refusalOf(errno, explanation) };
}

/** With what is there now, where the agent has said it. */
export const explained = (explanation: string, found: string | undefined): string =>
  found === undefined ? explanation : `${explanation} There is now: ${found}`;

const refusalOf = (errno: Errno, explanation: string): NonNullable<Receipt['refusal']> => ({
  errno,
  explanation,
  conflicts: [],
  remedy: '',
});
