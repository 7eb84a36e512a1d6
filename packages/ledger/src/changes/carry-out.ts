/** An approved change is judged again, and carried out when its effect is still the one that was approved. */
import { hash } from 'node:crypto';
import { type Change, whyNotGo } from '@apledger/access';
import type { Receipt } from '@apledger/api';
import { decideAgain, WrongExpectedRevision } from '@apledger/event-log';
import { type Command, changeStreamOf, type LedgerFact, streamOf } from '@apledger/events';
import { type Author, appendLedgerFacts } from '../access/facts.ts';
import type { LogLedger } from '../log-ledger.ts';
import { type Judged, judge } from './judge.ts';
import type { Proposer } from './proposer.ts';

/** A UUID (RFC 9562, version 8) that follows from the change and the place of the command: doing it again does nothing. */
export function commandIdOf(change: string, index: number): string {
  const digest = hash('sha256', `apledger change ${change} command ${index}`, 'hex');
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-a${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}

type Outcome = Extract<LedgerFact, { type: 'ChangeCarriedOut' | 'ChangeStopped' }>;

/**
 * Carries out the commands of an approved change and records what came of it. Safe to ask for again after a crash, and at the same moment:
 * throws WrongExpectedRevision when another has recorded it, and when the host changes too often to be judged.
 */
export async function carryOut(
  ledger: LogLedger,
  change: Change,
  revision: number,
  proposer: Proposer,
  author: Author,
): Promise<void> {
  const outcome = await outcomeOf(ledger, change, proposer);
  const { access, log } = ledger;
  await appendLedgerFacts(
    log,
    changeStreamOf(change.proposal.change),
    revision,
    [outcome],
    author,
    access.at,
  );
}

async function outcomeOf(ledger: LogLedger, change: Change, proposer: Proposer): Promise<Outcome> {
  const { content, change: id, host } = change.proposal;
  const stopped = (done: number, reason: string, effect?: string): Outcome => ({
    type: 'ChangeStopped',
    data: { change: id, host, done, reason: reason.slice(0, 500), ...(effect !== undefined && { effect }) },
  });
  if (!('commands' in content)) return stopped(0, 'its content is a plan, which is not carried out here');
  const commands = content.commands;
  return decideAgain(async () => {
    const judged = await judgedBefore(ledger, change, commands);
    const objection = whyNotGo(await ledger.access.sync(), change, ledger.access.at);
    if (objection !== undefined) return stopped(0, objection);
    if (judged !== undefined && judged.effect !== change.proposal.effect)
      return stopped(0, 'what it would do to the host now is not what was approved', judged.effect);
    return doAll(ledger, change, commands, judged?.revision, proposer, stopped);
  });
}

/**
 * What the commands would do; undefined when the first was given. It is looked for again behind the judgement: another approval of the same
 * change may have given it meanwhile, and its effect would count as a change by others.
 */
async function judgedBefore(
  ledger: LogLedger,
  { proposal: { change, host } }: Change,
  commands: readonly Command[],
): Promise<Judged | undefined> {
  const isBegun = async (): Promise<boolean> =>
    (await ledger.log.readCommand(streamOf(host), commandIdOf(change, 0))).length > 0;
  if (await isBegun()) return undefined;
  const judged = await judge(ledger, host, commands);
  return (await isBegun()) ? undefined : judged;
}

/** Throws WrongExpectedRevision when the host was changed between judging and the first command. */
async function doAll(
  ledger: LogLedger,
  { proposal: { change, host } }: Change,
  commands: readonly Command[],
  judgedAt: number | undefined,
  { actor, auth }: Proposer,
  stopped: (done: number, reason: string) => Outcome,
): Promise<Outcome> {
  const ids: string[] = [];
  let at = judgedAt;
  for (const [index, command] of commands.entries()) {
    const commandId = commandIdOf(change, index);
    let receipt: Receipt;
    try {
      receipt = await ledger.submit({
        host,
        command,
        commandId,
        correlation: changeStreamOf(change),
        actor,
        ...(auth !== undefined && { auth }),
        ...(at !== undefined && { expected: at < 0 ? 'none' : at }),
      });
    } catch (error) {
      if (index === 0 || !(error instanceof WrongExpectedRevision)) throw error;
      return stopped(index, `the host was changed by others after command ${index}`);
    }
    if (receipt.refusal !== undefined)
      return stopped(
        index,
        `command ${index + 1} was refused: ${receipt.refusal.errno}: ${receipt.refusal.explanation}`,
      );
    ids.push(commandId);
    at = receipt.revision;
  }
  return { type: 'ChangeCarriedOut', data: { change, host, commands: ids, revision: at ?? -1 } };
}
