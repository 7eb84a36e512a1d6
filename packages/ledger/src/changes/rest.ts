/** What is left of a held change, planned anew from the host as it is. */
import { type Change, fourEyesOf, needsSecondPerson } from '@apledger/access';
import { type Judgement, Problem } from '@apledger/api';
import { commandsOf, documentOf } from '@apledger/changes';
import type { PlanDocument } from '@apledger/events';
import type { LogLedger } from '../log-ledger.ts';
import { judge, judged } from './judge.ts';

/**
 * A refused step is left out, and one of which it is not known whether it was done counts as done. Throws Problem where the rest would be
 * refused, and where it would give somebody what nobody has approved.
 */
export async function planOfRest(ledger: LogLedger, change: Change): Promise<PlanDocument> {
  const { run, proposal } = change;
  const { change: id, host } = proposal;
  const state = await ledger.handler.state(host);
  if (run === undefined || state === undefined || run.way === 'back')
    throw new Problem(409, 'not-now', `Change ${id} has nothing to continue with.`);
  const isSettled =
    run.held?.because === 'refused' || run.held?.because === 'unconfirmed' || run.held?.because === 'late';
  const steps = run.plan.steps.slice(run.done + (isSettled ? 1 : 0));
  const { purpose, desired } = run.plan;
  const made = documentOf(state, steps, { purpose, desired });
  if ('obstacle' in made)
    throw new Problem(
      409,
      'not-now',
      `Change ${id} cannot continue: step ${made.obstacle.step} of what is left, ${made.obstacle.text}: ${made.obstacle.problem} ${made.obstacle.help}`.trim(),
    );
  if (change.approvals.length > 0) await checkGrants(ledger, change, made.plan);
  return made.plan;
}

async function checkGrants(ledger: LogLedger, { proposal, run }: Change, rest: PlanDocument): Promise<void> {
  const { change: id, host } = proposal;
  const fourEyes = fourEyesOf(ledger.access.state.rules, host);
  const now = await judge(ledger, host, commandsOf(await stateOf(ledger, host), rest.steps));
  if (fourEyes === 'none' || !needsSecondPerson(fourEyes, grantsIn(now.gives))) return;
  const base = run && (await ledger.handler.stateAt(host, { revision: run.proposed.base.revision }));
  if (base === undefined || run === undefined) return;
  const approved = judged(base, commandsOf(base, run.proposed.steps)).gives;
  const beyond = now.gives.find(
    ({ holder, queues, controlDomains }) =>
      !approved.some(
        (each) =>
          each.holder === holder &&
          queues.every((queue) => each.queues.includes(queue)) &&
          controlDomains.every((domain) => each.controlDomains.includes(domain)),
      ),
  );
  if (beyond === undefined) return;
  throw new Problem(
    409,
    'effect-differs',
    `Change ${id} cannot continue: as the host is now, what is left would give ${beyond.holder} what nobody has approved (${beyond.queues.join(', ')}). Let it go back or leave it, and propose another.`,
  );
}

async function stateOf(ledger: LogLedger, host: string) {
  const state = await ledger.handler.state(host);
  if (state === undefined) throw new Problem(404, 'unknown-host', `There is no host ${host}.`);
  return state;
}

const grantsIn = (gives: Judgement['gives']) => ({
  queues: new Map(gives.map(({ holder, queues }) => [holder, queues] as const)),
  controlDomains: new Map<string, readonly number[]>(),
});
