/**
 * What happens next with a change: one pure function of the folded change, the host as it is, and the time. Everything that it decides is
 * a fact to record or a command to give; who carries it out keeps no state, and can die at any point.
 */
import type { Change, ChangeRun, StartedStep } from '@apledger/access';
import type { Command, HoldCause, LedgerFact, PlannedStep } from '@apledger/events';
import type { HostState } from '@apledger/host';
import { planBack } from './back.ts';
import { stepId } from './ids-of-steps.ts';
import { matricesDigest } from './matrices.ts';
import type { CarriedOut } from './touched.ts';
import { isOver } from './waits.ts';

/** What came of a command that was given under the id of a step; undefined = it never came to the host. */
export type StepOutcome =
  /** `matrices`: the hash of what the host was after it. */
  | { readonly is: 'done'; readonly revision: number; readonly matrices: string }
  /** It was taken, and did not do what it is for, which shows in no matrix: a reset of a queue that failed. */
  | { readonly is: 'failed'; readonly reason: string }
  | { readonly is: 'refused'; readonly errno: Refused['errno']; readonly explanation: string }
  /** It was given, and not answered yet. */
  | { readonly is: 'pending' }
  /** It was given, and nobody began it. */
  | { readonly is: 'not-begun'; readonly reason: string }
  /** It was given, and cannot be found out about. */
  | { readonly is: 'unknown'; readonly reason: string };
type Refused = Extract<LedgerFact, { type: 'StepRefused' }>['data'];

/** What there is to be seen when the next thing is decided. */
export interface Scene {
  /** The host now. */
  readonly state: HostState;
  /** Of the step that was begun. */
  readonly outcome: StepOutcome | undefined;
  /** RFC 3339 in UTC with milliseconds. */
  readonly at: string;
  /** Why its people may not do this any more; undefined when they may. */
  readonly objection: string | undefined;
  /** What the change has done to the host; needed where the way back is planned. */
  readonly carriedOut: readonly CarriedOut[] | undefined;
}

export type Move =
  /** Nothing, before somebody does something or this time is over. */
  | { readonly move: 'rest'; readonly until: string | null }
  | { readonly move: 'record'; readonly facts: readonly LedgerFact[] }
  /** `revision`: of the host on which this was decided. */
  | {
      readonly move: 'give';
      readonly command: Command;
      readonly commandId: string;
      readonly revision: number;
    }
  /** Make sure that the command of the step never comes any more. */
  | { readonly move: 'cancel'; readonly commandId: string };

const rest = (until: string | null = null): Move => ({ move: 'rest', until });
const record = (...facts: readonly LedgerFact[]): Move => ({ move: 'record', facts });

/** What is to be done now: record a fact, give a command, or rest until an instant. The same change and scene give the same move. */
export function nextMove(change: Change, scene: Scene): Move {
  const { run, state, proposal } = change;
  const about = { change: proposal.change, host: proposal.host };
  if (state === 'proposed') {
    const { until } = proposal;
    if (until === null || scene.at < until) return rest(until);
    return record({ type: 'DeadlinePassed', data: { ...about, deadline: 'approval', until } });
  }
  if (run === undefined) return rest();
  switch (state) {
    case 'approved':
      return start(run, about, scene);
    case 'running':
      return step(run, about, scene);
    case 'verifying':
      return verify(run, about, scene);
    case 'goingBack':
      return goBack(run, about, scene);
    default:
      return rest();
  }
}

type About = Pick<Change['proposal'], 'change' | 'host'>;

function start(run: ChangeRun, about: About, { state, objection }: Scene): Move {
  const { base, planHash } = run.plan;
  const reason =
    objection ??
    (matricesDigest(state) === base.matrices
      ? undefined
      : `host ${about.host} has other matrices than those that it was planned for`);
  return reason === undefined
    ? record({ type: 'ChangeStarted', data: { ...about, plan: planHash } })
    : record({ type: 'ChangeStopped', data: { ...about, done: 0, reason: reason.slice(0, 500) } });
}

function step(run: ChangeRun, about: About, scene: Scene): Move {
  const planned = run.plan.steps[run.done];
  if (planned === undefined) return rest();
  return 'wait' in planned ? wait(run, about, scene, planned) : give(run, about, scene, planned);
}

function wait(
  run: ChangeRun,
  about: About,
  { state, at }: Scene,
  { wait: what, withinMs, after }: Extract<PlannedStep, { wait: object }>,
): Move {
  const { started } = run;
  if (started === undefined) {
    const until = withinMs === null ? null : new Date(Date.parse(at) + withinMs).toISOString();
    return record(begin(run, about, null, until));
  }
  if (isOver(state, what)) {
    const held = other(run, about, state, after, 'other-matrices', 'what was waited for is so');
    return held === undefined ? record(done(run, about, state.revision)) : record(held);
  }
  const { until } = started;
  if (until === null || at < until) return rest(until);
  return record({ type: 'DeadlinePassed', data: { ...about, deadline: 'wait', until } });
}

function give(
  run: ChangeRun,
  about: About,
  { state, outcome, objection }: Scene,
  planned: Extract<PlannedStep, { command: object }>,
): Move {
  const { started } = run;
  if (started !== undefined && outcome !== undefined) return settle(run, about, started, outcome, planned);
  if (objection !== undefined) return record(hold(run, about, 'not-permitted', objection));
  const before = run.plan.steps[run.done - 1]?.after ?? run.plan.base.matrices;
  const held = other(run, about, state, before, 'other-matrices', 'somebody else has changed the host');
  if (held !== undefined) return record(held);
  if (started === undefined || started.command === null)
    return record(begin(run, about, stepId(about.change, run), null));
  return { move: 'give', command: planned.command, commandId: started.command, revision: state.revision };
}

function settle(
  run: ChangeRun,
  about: About,
  { step }: StartedStep,
  outcome: StepOutcome,
  { after }: PlannedStep,
): Move {
  const data = { ...about, plan: run.plan.planHash, step };
  switch (outcome.is) {
    case 'pending':
      return rest();
    case 'unknown':
      return record({ type: 'StepUnconfirmed', data: { ...data, reason: outcome.reason } });
    case 'not-begun':
      return record(hold(run, about, 'not-begun', outcome.reason));
    // It is not done: what follows counts on it, and `retry` gives it again.
    case 'failed':
      return record(hold(run, about, 'other-effect', outcome.reason));
    case 'refused': {
      const { errno, explanation } = outcome;
      return record({ type: 'StepRefused', data: { ...data, errno, explanation } });
    }
    case 'done': {
      const facts: LedgerFact[] = [done(run, about, outcome.revision)];
      if (outcome.matrices !== after) {
        const reason = `step ${step} did something else than was planned`;
        facts.push(
          hold({ ...run, done: step }, about, 'other-effect', reason, {
            predicted: after,
            actual: outcome.matrices,
          }),
        );
      }
      return record(...facts);
    }
  }
}

function verify(run: ChangeRun, about: About, { state, at }: Scene): Move {
  const { confirmUntil, confirmWithinMs } = run;
  if (confirmUntil !== undefined) {
    if (at < confirmUntil) return rest(confirmUntil);
    return record({
      type: 'DeadlinePassed',
      data: { ...about, deadline: 'confirmation', until: confirmUntil },
    });
  }
  const end = run.plan.steps.at(-1)?.after ?? run.plan.base.matrices;
  const held = other(run, about, state, end, 'other-matrices', 'somebody else has changed the host');
  if (held !== undefined) return record(held);
  if (confirmWithinMs === null)
    return record({ type: 'ChangeDone', data: { ...about, revision: state.revision, matrices: end } });
  const until = new Date(Date.parse(at) + confirmWithinMs).toISOString();
  return record({ type: 'ConfirmationAwaited', data: { ...about, until } });
}

function goBack(run: ChangeRun, about: About, scene: Scene): Move {
  const { state, carriedOut, outcome } = scene;
  if (run.isBackPlanned) {
    if (run.done < run.plan.steps.length) return step(run, about, scene);
    const matrices = run.plan.steps.at(-1)?.after ?? run.plan.base.matrices;
    return record({ type: 'ChangeWentBack', data: { ...about, revision: state.revision, matrices } });
  }
  if (run.started?.command != null && (outcome === undefined || outcome.is === 'pending'))
    return outcome === undefined ? { move: 'cancel', commandId: run.started.command } : rest();
  if (carriedOut === undefined) throw new TypeError('the way back needs what was carried out');
  const planned = planBack(state, carriedOut, run.proposed.purpose);
  if ('plan' in planned) return record({ type: 'ChangeGoesBack', data: { ...about, plan: planned.plan } });
  const { problem, help } = planned.obstacle;
  return record(hold(run, about, 'no-way-back', `${problem} ${help}`.trim()));
}

const begin = (run: ChangeRun, about: About, command: string | null, until: string | null): LedgerFact => ({
  type: 'StepStarted',
  data: {
    ...about,
    plan: run.plan.planHash,
    step: run.done + 1,
    attempt: run.attempts + 1,
    command,
    until,
  },
});

const done = (run: ChangeRun, about: About, revision: number): LedgerFact => ({
  type: 'StepDone',
  data: { ...about, plan: run.plan.planHash, step: run.done + 1, revision },
});

/** The fact that holds the change where the host is not what it should be. */
function other(
  run: ChangeRun,
  about: About,
  state: HostState,
  predicted: string,
  because: HoldCause,
  reason: string,
): LedgerFact | undefined {
  const actual = matricesDigest(state);
  if (actual === predicted) return undefined;
  const text = `${reason}: it has other matrices than planned`;
  return hold(run, about, because, text, { predicted, actual });
}

/** `differences` are put in by who has both hosts at hand. */
const hold = (
  run: ChangeRun,
  about: About,
  because: HoldCause,
  reason: string,
  { predicted = null, actual = null }: { predicted?: string | null; actual?: string | null } = {},
): LedgerFact => ({
  type: 'ChangeHeld',
  data: {
    ...about,
    step: run.done,
    because,
    reason: reason.slice(0, 500),
    predicted,
    actual,
    differences: [],
  },
});
