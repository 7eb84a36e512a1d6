/**
 * Moves changes on: follows the log, and does what `nextMove` of packages/changes says. It keeps nothing: what it knows is folded from the
 * log each time, so that it can die at any point, and so that several of them need no lock. A fact of a change is appended behind the one
 * that was decided on, and a command goes under the id of its step: the second of two movers finds it done.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Change,
  type ChangeRun,
  isOverChange,
  may,
  whyNot,
  whyNotGo,
  whyNotGoOn,
} from '@apledger/access';
import { Problem } from '@apledger/api';
import {
  type CarriedOut,
  carriedOutIn,
  type Move,
  matricesDigest,
  nextMove,
  predicted,
  type Scene,
} from '@apledger/changes';
import { WrongExpectedRevision } from '@apledger/event-log';
import {
  changeOf,
  changeStreamOf,
  hostOf,
  type LedgerFact,
  type LedgerFactData,
  MAX_DIFFERENCES,
} from '@apledger/events';
import { HostState } from '@apledger/host';
import { describeChange, diffViews, viewOf } from '@apledger/projections/host';
import { errorText } from '@apledger/text';
import { type Author, appendLedgerFacts } from '../access/facts.ts';
import { fourEyesAdmit, wayBackAdmit } from '../access/permit.ts';
import type { LogLedger } from '../log-ledger.ts';
import type { Indexed } from './change-index.ts';
import { type GivenStep, hostsOf, type StepExecutor } from './executor.ts';
import { proposerOf } from './proposer.ts';

const MOVER: Author = { actor: 'apledger mover' };
/** After the log could not be asked. */
const RETRY_MS = 1000;
/** Of timers of Node. */
const MAX_DELAY_MS = 2 ** 31 - 1;
/** Somebody else was faster so often in a row: another process is stuck in a loop with this one. */
const MAX_RACES = 100;

/** Where a change rests, and until when it does so by itself. */
interface Rest {
  readonly change: Change;
  readonly until: string | null;
}

export class Mover {
  readonly #ledger: LogLedger;
  readonly #executor: StepExecutor;
  /** Changes that are not over, and the host of each. */
  readonly #open = new Map<string, string>();
  readonly #turns = new Map<string, Promise<void>>();
  /** What has come while a change was moved. */
  readonly #again = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(ledger: LogLedger, executor: StepExecutor = hostsOf(ledger)) {
    this.#ledger = ledger;
    this.#executor = executor;
  }

  /** Moves the change on as far as it goes by itself; undefined when there is no such change. */
  async advance(id: string): Promise<Rest | undefined> {
    for (let races = 0; ; ) {
      const indexed = await this.#ledger.changes.get(id);
      if (indexed === undefined) return undefined;
      const { change } = indexed;
      if (!(await this.#isOurs(change))) return { change, until: null };
      const scene = await this.#look(change);
      if (scene === undefined) return { change, until: null };
      const move = nextMove(change, scene);
      if (move.move === 'rest') return { change, until: move.until };
      try {
        await this.#make(move, indexed, scene);
        races = 0;
      } catch (error) {
        if (!(error instanceof WrongExpectedRevision) || ++races === MAX_RACES) throw error;
      }
    }
  }

  /** Moves every change on, or only the one, until the signal. What goes wrong is reported, and tried again. */
  async run(signal: AbortSignal, only?: string): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#follow(signal, only);
      } catch (error) {
        if (signal.aborted) break;
        this.#ledger.alarm(`changes are not moved on: ${errorText(error)}`);
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(this.#turns.values());
  }

  async #follow(signal: AbortSignal, only: string | undefined): Promise<void> {
    const { log, changes } = this.#ledger;
    const after = await log.lastPosition();
    const isMeant = (id: string): boolean => only === undefined || id === only;
    for (const change of await changes.all()) {
      const { change: id } = change.proposal;
      if (!isOverChange(change) && isMeant(id)) this.#wake(id, signal);
    }
    for await (const delivery of log.subscribe({ after, signal })) {
      if (!('fact' in delivery)) continue;
      const { stream } = delivery.fact;
      const id = changeOf(stream);
      if (id !== undefined && isMeant(id)) this.#wake(id, signal);
      const host = hostOf(stream);
      if (host === undefined) continue;
      for (const [open, on] of this.#open) if (on === host) this.#wake(open, signal);
    }
  }

  /** One at a time for each change; once more when something has come meanwhile. */
  #wake(id: string, signal: AbortSignal): void {
    if (signal.aborted) return;
    if (this.#turns.has(id)) {
      this.#again.add(id);
      return;
    }
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    const turn = this.#turn(id, signal).finally(() => {
      this.#turns.delete(id);
      if (this.#again.delete(id)) this.#wake(id, signal);
    });
    this.#turns.set(id, turn);
  }

  async #turn(id: string, signal: AbortSignal): Promise<void> {
    try {
      const rest = await this.advance(id);
      if (rest === undefined || isOverChange(rest.change)) this.#open.delete(id);
      else this.#open.set(id, rest.change.proposal.host);
      if (rest?.until != null)
        this.#wakeIn(id, Date.parse(rest.until) - this.#ledger.now().getTime(), signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#ledger.alarm(`change ${id} is not moved on: ${errorText(error)}`);
      this.#wakeIn(id, RETRY_MS, signal);
    }
  }

  #wakeIn(id: string, ms: number, signal: AbortSignal): void {
    if (signal.aborted) return;
    const timer = setTimeout(() => this.#wake(id, signal), Math.min(Math.max(ms, 1), MAX_DELAY_MS));
    this.#timers.set(id, timer);
  }

  /** Where access is controlled, what was written to the log itself is for who has it to move on. */
  async #isOurs({ proposedBy, run, state }: Change): Promise<boolean> {
    if (state !== 'proposed' && run === undefined) return false;
    return !this.#ledger.isControlled || proposedBy !== undefined;
  }

  async #look(change: Change): Promise<Scene | undefined> {
    const { handler, access } = this.#ledger;
    const { proposal, run } = change;
    const { host } = proposal;
    const at = access.at;
    if (run === undefined)
      return { state: new HostState(), outcome: undefined, at, objection: undefined, carriedOut: undefined };
    const command = run.started?.command ?? undefined;
    // Asked before the state is read: what was found not to have come is judged on a host that is at least as new.
    const outcome = command === undefined ? undefined : await this.#executor.outcome(host, command);
    const state = await handler.state(host);
    if (state === undefined) return undefined;
    const isBackToPlan = change.state === 'goingBack' && !run.isBackPlanned;
    const carriedOut = isBackToPlan ? await this.#carriedOut(host, run) : undefined;
    return { state, outcome, at, objection: await this.#objection(change), carriedOut };
  }

  /** What the change has done to the host, with the host that each of its plans was made for. */
  async #carriedOut(host: string, run: ChangeRun): Promise<readonly CarriedOut[]> {
    const done = new Set<string>();
    for (const { command, outcome } of run.steps) {
      if (command === null || outcome !== 'started') continue;
      const found = await this.#executor.outcome(host, command);
      if (found?.is === 'done' || found?.is === 'unknown') done.add(command);
    }
    const carriedOut: CarriedOut[] = [];
    for (const { plan, steps } of carriedOutIn(run, (command) => done.has(command))) {
      const base = await this.#ledger.handler.stateAt(host, { revision: plan.base.revision });
      if (base === undefined)
        throw new TypeError(`host ${host} is not there after revision ${plan.base.revision}`);
      carriedOut.push({ plan, steps, base });
    }
    return carriedOut;
  }

  /** Why its people may not do it any more. */
  async #objection(change: Change): Promise<string | undefined> {
    const { access, isControlled } = this.#ledger;
    if (!isControlled) return undefined;
    const state = await access.sync();
    const { proposedBy, approvals, proposal } = change;
    if (change.state === 'approved') return whyNotGo(state, change, access.at);
    if (approvals.length > 0) return whyNotGoOn(state, change, access.at);
    if (proposedBy === undefined || may(state, proposedBy, 'command', proposal.host, access.at))
      return undefined;
    return `who proposed it may not any more: ${whyNot(state, proposedBy, 'command', proposal.host, access.at)}`;
  }

  async #make(move: Exclude<Move, { move: 'rest' }>, indexed: Indexed, scene: Scene): Promise<void> {
    const { change, revision } = indexed;
    const { change: id, host } = change.proposal;
    if (move.move === 'record') {
      const facts = await Promise.all(move.facts.map((fact) => this.#explained(fact, change, scene)));
      await this.#record(id, revision, facts);
      return;
    }
    const { commandId } = move;
    if (move.move === 'cancel') {
      await this.#executor.cancel({ host, change: id, commandId, ...MOVER });
      return;
    }
    const proposer = await proposerOf(this.#ledger.log, id);
    const given = { host, change: id, commandId, command: move.command, revision: move.revision };
    try {
      await this.#executor.give({ ...given, ...proposer, ...(await this.#admit(change)) });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const held: LedgerFactData<'ChangeHeld'> = {
        change: id,
        host,
        step: change.run?.done ?? 0,
        because: 'not-permitted',
        reason: error.message.slice(0, 500),
        predicted: null,
        actual: null,
        differences: [],
      };
      await this.#record(id, revision, [{ type: 'ChangeHeld', data: held }]);
    }
  }

  /** What nobody has approved is looked at step by step; so is a way back, which may give nobody more than he had before the change. */
  async #admit({ approvals, proposedBy, run, proposal }: Change): Promise<Pick<GivenStep, 'admit'>> {
    if (!this.#ledger.isControlled || proposedBy === undefined) return {};
    const { host } = proposal;
    if (run?.way !== 'back')
      return approvals.length > 0 ? {} : { admit: fourEyesAdmit(this.#ledger, host, proposedBy) };
    const revision = run.plans[0]?.base.revision ?? -1;
    const had = (await this.#ledger.handler.stateAt(host, { revision })) ?? new HostState();
    return { admit: wayBackAdmit(this.#ledger, host, proposedBy, had) };
  }

  #record(id: string, revision: number, facts: readonly LedgerFact[]): Promise<void> {
    const { log, access } = this.#ledger;
    return appendLedgerFacts(log, changeStreamOf(id), revision, facts, MOVER, access.at);
  }

  /** What is held because the host is not as planned says what differs. */
  async #explained(fact: LedgerFact, { run, proposal }: Change, scene: Scene): Promise<LedgerFact> {
    if (fact.type !== 'ChangeHeld' || fact.data.predicted === null || run === undefined) return fact;
    const { handler } = this.#ledger;
    const { host } = proposal;
    const base = await handler.stateAt(host, { revision: run.plan.base.revision });
    const { outcome } = scene;
    const actual =
      fact.data.because === 'other-effect' && outcome?.is === 'done'
        ? await handler.stateAt(host, { revision: outcome.revision })
        : scene.state;
    if (base === undefined || actual === undefined) return fact;
    const planned = predictedState(base, run, fact.data.predicted);
    const changes = diffViews(viewOf(host, planned), viewOf(host, actual));
    const differences = changes.map(describeChange).slice(0, MAX_DIFFERENCES);
    return { ...fact, data: { ...fact.data, differences } };
  }
}

/** The state of the plan that has the hash. */
function predictedState(base: HostState, { plan }: NonNullable<Change['run']>, matrices: string): HostState {
  if (matricesDigest(base) === matrices) return base;
  return predicted(base, plan, plan.steps.findIndex(({ after }) => after === matrices) + 1);
}
