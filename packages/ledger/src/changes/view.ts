/** A change as it is shown to somebody. */
import {
  type Change,
  isOpenChange,
  isOverChange,
  openGlass,
  sameSubject,
  whyNotApprove,
} from '@apledger/access';
import type { ChangeAction, ChangeRunView, ChangeView, StepView } from '@apledger/api';
import { waitsOn } from '@apledger/changes';
import { type ChangeEvent, changeTable, next } from '@apledger/machines';
import type { Caller } from '../access/caller.ts';
import type { LogLedger } from '../log-ledger.ts';
import { needsApproval } from './approval.ts';

/** The change as the caller sees it: how it stands, on whom it waits, and what he may do with it. */
export async function changeView(
  ledger: LogLedger,
  change: Change,
  caller: Caller | undefined,
): Promise<ChangeView> {
  const { proposal, proposedBy = null, proposedAt, approvals, endedAt, endedBy = null, reason, run } = change;
  const { at } = ledger.access;
  const isOpen = isOpenChange(change, at);
  const whyNot = whyNotJudge(ledger, change, caller);
  const { content, host, until, work, effect } = proposal;
  return {
    change: proposal.change,
    host,
    status: change.status === 'proposed' && !isOpen ? 'expired' : change.status,
    state: change.state,
    reason: proposal.reason,
    proposedBy,
    proposedAt,
    until,
    work,
    effect,
    commands: 'commands' in content ? content.commands : null,
    plan:
      run === undefined
        ? null
        : {
            planHash: run.proposed.planHash,
            purpose: run.proposed.purpose,
            steps: run.proposed.steps.length,
            confirmWithinMs: run.confirmWithinMs,
          },
    progress: run === undefined ? null : { done: run.done, of: run.plan.steps.length, way: run.way },
    waitsFor: isOverChange(change) ? [] : await waitsFor(ledger, change),
    deadline: isOverChange(change) ? null : deadlineOf(change),
    held: change.state === 'held' ? (run?.held ?? null) : null,
    approvals: approvals.map(({ by, at }) => ({ by, at })),
    ended: endedAt === undefined ? null : { by: endedBy, at: endedAt, reason: reason ?? null },
    actions: await actionsOf(ledger, change, caller, whyNot === undefined),
    mayApprove: whyNot === undefined,
    whyNot: whyNot ?? null,
  };
}

function whyNotJudge(
  { access, isControlled }: LogLedger,
  change: Change,
  caller: Caller | undefined,
): string | undefined {
  if (!isOpenChange(change, access.at)) return 'nobody has to judge it any more';
  if (caller !== undefined) return whyNotApprove(access.state, change, caller.subject, access.at);
  return isControlled ? 'sign in' : 'where access is not controlled nobody can be told from another';
}

/** Whether the caller may give commands to the host, and so to its changes. */
export const mayCommand = (
  { access, isControlled }: LogLedger,
  host: string,
  caller: Caller | undefined,
): boolean =>
  !isControlled ||
  (caller !== undefined &&
    (access.may(caller, 'command', host) ||
      openGlass(access.state, caller.subject, host, access.at) !== undefined));

const MOVES: readonly (readonly [ChangeAction, ChangeEvent])[] = [
  ['confirm', { type: 'CONFIRM' }],
  ['retry', { type: 'RETRY', isOnWayBack: false, isAllDone: false }],
  ['continue', { type: 'CONTINUE', isOnWayBack: false, isAllDone: false }],
  ['back', { type: 'GO_BACK' }],
  ['leave', { type: 'LEAVE' }],
];

async function actionsOf(
  ledger: LogLedger,
  change: Change,
  caller: Caller | undefined,
  mayJudge: boolean,
): Promise<ChangeAction[]> {
  const { state, run, proposal, proposedBy } = change;
  const commands = mayCommand(ledger, proposal.host, caller);
  const isOpen = isOpenChange(change, ledger.access.at);
  const isOwn = caller === undefined || (proposedBy !== undefined && sameSubject(proposedBy, caller.subject));
  const mayWithdraw = isOpen && isOwn && (caller !== undefined || !ledger.isControlled);
  const mayStart = isOpen && run !== undefined && commands && !(await needsApproval(ledger, change));
  return [
    ...(mayJudge ? (['approve', 'refuse'] as const) : []),
    ...(mayWithdraw ? (['withdraw'] as const) : []),
    ...(mayStart ? (['start'] as const) : []),
    ...(commands && run !== undefined
      ? MOVES.flatMap(([action, event]) =>
          isTaken(change, action) && next(changeTable, state, event) !== undefined ? [action] : [],
        )
      : []),
  ];
}

/** What the machine alone does not tell: on the way back nothing is left to continue with, and only what is awaited is confirmed. */
const isTaken = ({ run }: Change, action: ChangeAction): boolean => {
  if (action === 'confirm') return run?.confirmUntil !== undefined;
  return action !== 'continue' || run?.way === 'there';
};

const MINUTE_MS = 60_000;

const since = (at: string, now: string): string => {
  const minutes = Math.floor((Date.parse(now) - Date.parse(at)) / MINUTE_MS);
  return minutes < 1 ? 'for less than a minute' : `for ${minutes} min`;
};

async function waitsFor(ledger: LogLedger, change: Change): Promise<string[]> {
  const { state, run, proposal } = change;
  const { at } = ledger.access;
  if (state === 'held') return ['somebody to say how it goes on: retry, continue, back or leave'];
  if (state === 'proposed') {
    if (run !== undefined && !(await needsApproval(ledger, change))) return ['somebody to start it'];
    return ['somebody else to approve it'];
  }
  if (state === 'verifying' && run?.confirmUntil !== undefined) return ['somebody to confirm it'];
  const started = run?.started;
  const step = started && run?.plan.steps[started.step - 1];
  if (started === undefined || step === undefined) return [];
  if (!('wait' in step)) return [`step ${started.step}, ${step.text}, ${since(started.at, at)}`];
  const host = await ledger.handler.state(proposal.host);
  if (host === undefined) return [];
  return waitsOn(host, step.wait).map((what) => `${what}, ${since(started.at, at)}`);
}

function deadlineOf({ state, run, proposal }: Change): ChangeView['deadline'] {
  if (state === 'proposed' && proposal.until !== null) return { for: 'approval', until: proposal.until };
  if (run?.confirmUntil !== undefined) return { for: 'confirmation', until: run.confirmUntil };
  const until = run?.started?.until ?? null;
  return until === null ? null : { for: 'wait', until };
}

/** The steps of a planned change, and what has come of each; null for plain commands. */
export function runView({ run }: Change): ChangeRunView | null {
  if (run === undefined) return null;
  const { plan, way, done, steps } = run;
  const ofPlan = steps.filter((record) => record.planHash === plan.planHash);
  return {
    plan,
    way,
    steps: plan.steps.map(({ text, ...planned }, index): StepView => {
      const step = index + 1;
      const begun = ofPlan.findLast((record) => record.step === step);
      return {
        step,
        text,
        isWait: 'wait' in planned,
        outcome: begun?.outcome ?? (step <= done ? 'done' : 'planned'),
        attempt: begun?.attempt ?? 0,
        startedAt: begun?.at ?? null,
        endedAt: begun?.endedAt ?? null,
        revision: begun?.revision ?? null,
      };
    }),
    earlier: steps.map(({ step, text, command, outcome, attempt, at, endedAt, revision, way: of }) => ({
      step,
      text,
      isWait: command === null,
      outcome,
      attempt,
      startedAt: at,
      endedAt,
      revision,
      way: of,
    })),
  };
}
