/** `apledger apply PLAN`: carries a kept plan out, each step held against it. */
import { type ChangeView, Problem } from '@apledger/api';
import { readPlan } from '@apledger/changes';
import { command, Failure, jsonLine, type Output } from '@apledger/command-line';
import type { PlanDocument } from '@apledger/events';
import { type Ledger, lastPosition, type Place } from '@apledger/ledger';
import { inputText } from '../input.ts';
import { withLedger } from '../ledger.ts';
import { json, place } from '../options.ts';
import { changeText, endStatus } from './change-text.ts';
import { followChange } from './follow-change.ts';

interface ApplyOptions extends Place {
  readonly id?: string;
  readonly reason?: string;
  readonly confirmWithin?: string;
  readonly json?: boolean;
}

/** The exit status: 0 = done, 1 = held, gone back or waiting for a second person, 2 = it cannot be carried out. */
async function apply(
  path: string,
  options: ApplyOptions,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const read = readPlan(await inputText(path));
  if ('problem' in read) throw new Failure(2, `${path}: ${read.problem}`);
  const { plan } = read;
  return withLedger(
    options,
    output,
    async (ledger) => {
      if (plan.steps.length === 0) {
        output.out(
          options.json ? jsonLine({ change: null, plan: plan.planHash }) : 'Nothing has to be done.\n',
        );
        return 0;
      }
      const after = await lastPosition(ledger);
      const begun = await begin(ledger, plan, options);
      const shown = await followChange(ledger, begun.change, {
        after,
        json: options.json === true,
        output,
        signal,
      });
      output.out(options.json ? jsonLine(shown) : changeText(shown));
      return endStatus(shown.change);
    },
    { readOnly: false },
  );
}

/** Of the plan: who applies it again finds the change that it is. */
const idOf = ({ planHash }: PlanDocument): string => `plan-${planHash.slice(0, 16)}`;

/** Proposes the plan where that was not done, and starts it where nobody else has to agree. Throws Problem. */
async function begin(ledger: Ledger, plan: PlanDocument, options: ApplyOptions): Promise<ChangeView> {
  const id = options.id ?? idOf(plan);
  const found = (await existing(ledger, id)) ?? (await proposed(ledger, id, plan, options));
  if (found.plan?.planHash !== plan.planHash)
    throw new Failure(2, `There is a change ${id} already, with another plan. Name this one with --id.`);
  if (found.status !== 'proposed' || !found.actions.includes('start')) return found;
  return ledger.ask('start', { change: id, planHash: plan.planHash });
}

async function existing(ledger: Ledger, change: string): Promise<ChangeView | undefined> {
  try {
    return (await ledger.ask('change', { change })).change;
  } catch (error) {
    if (error instanceof Problem && error.code === 'unknown-change') return undefined;
    throw error;
  }
}

function proposed(
  ledger: Ledger,
  change: string,
  plan: PlanDocument,
  { reason = plan.purpose, confirmWithin }: ApplyOptions,
): Promise<ChangeView> {
  const more = confirmWithin === undefined ? {} : { confirmWithin };
  return ledger.ask('propose', { host: plan.host, plan, change, reason, ...more });
}

export const applyCommand = command({
  name: 'apply',
  summary: 'carry out a plan that apledger plan --out kept, each step held against it',
  positionals: [{ name: 'plan', description: 'the file, - for standard input' }],
  options: {
    ...place,
    confirmWithin: {
      type: 'string',
      value: 'length',
      description: 'go back unless it is confirmed in time after the last step, like 10m',
    },
    reason: {
      type: 'string',
      value: 'text',
      description: 'why, for those who read the log (default: what the plan is for)',
    },
    id: {
      type: 'string',
      value: 'name',
      description: 'what the change is called, CHG0012345 (default: by the plan)',
    },
    ...json,
  },
  examples: [
    'apledger apply tonight.plan --confirm-within 10m',
    'apledger apply tonight.plan --id CHG0012345 --server https://ledger',
  ],
  run: ({ plan, ...options }, { output, signal }) => apply(plan, options, output, signal),
});
