/** Whether a planned change takes a second person. */
import { type Change, fourEyesOf, openGlass } from '@apledger/access';
import { commandsOf } from '@apledger/changes';
import type { Command } from '@apledger/events';
import type { LogLedger } from '../log-ledger.ts';
import { judge } from './judge.ts';

/** Whether somebody else has to approve it before it is started, as the host and its rules are now. */
export async function needsApproval(
  ledger: LogLedger,
  { proposal: { host }, proposedBy, run }: Change,
): Promise<boolean> {
  const { access, isControlled } = ledger;
  if (!isControlled) return false;
  const fourEyes = fourEyesOf(access.state.rules, host);
  if (fourEyes === 'none') return false;
  if (proposedBy !== undefined && openGlass(access.state, proposedBy, host, access.at) !== undefined)
    return false;
  if (fourEyes === 'all' || run === undefined) return true;
  return (await judge(ledger, host, await plannedCommands(ledger, host, run.proposed.steps))).grants;
}

/** The commands of the steps as the host is now, those in them that others are waited for to give. */
export async function plannedCommands(
  ledger: LogLedger,
  host: string,
  steps: Parameters<typeof commandsOf>[1],
): Promise<readonly Command[]> {
  const state = await ledger.handler.state(host);
  return state === undefined ? [] : commandsOf(state, steps);
}
