/** Replays one vector through the rules and the sysfs tree, and compares every step. */
import type { CommandHandler } from '@apledger/command-handler';
import { type Decision, decide } from '@apledger/driver';
import type { Command, Fact, Generation } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
import { nodeAt } from '@apledger/sysfs';
import {
  applyDelta,
  compareEvents,
  compareFiles,
  compareStates,
  type Difference,
  vectorState,
} from './compare.ts';
import { type Action, actionOf, VECTOR_FUNCTIONS } from './operations.ts';
import { generationOf, type Vector, VectorError, type VectorStep } from './vectors.ts';

/** How a replay ended: all steps alike, or the first that was not. */
interface Replay {
  /** Steps that were compared, the differing one included. */
  readonly steps: number;
  readonly mismatch?: Mismatch;
}

export interface Mismatch extends Difference {
  readonly vector: string;
  /** Counted from 0; -1 is the state after boot. */
  readonly step: number;
  readonly operation: string;
}

const HOST = 'conform';

interface Answer {
  readonly errno: string | 0;
  readonly facts: readonly Fact[];
}

/** What carries the commands out. */
export interface Decider {
  state(host: string): Promise<HostState | undefined>;
  submit(submission: {
    readonly host: string;
    readonly actor: string;
    readonly command: Command;
  }): Promise<Pick<Awaited<ReturnType<CommandHandler['submit']>>, 'facts' | 'refusal' | 'isBlocked'>>;
}

/** The rules alone, without a log. */
class Rules implements Decider {
  readonly #state = new HostState();

  async state(): Promise<HostState> {
    return this.#state;
  }

  async submit({ command }: Parameters<Decider['submit']>[0]) {
    const decision: Decision = decide(this.#state, command);
    for (const fact of decision.facts) evolve(this.#state, fact);
    return { ...decision, isBlocked: decision.isBlocked === true };
  }
}

class Machine {
  readonly #handler: Decider;

  constructor(handler: Decider) {
    this.#handler = handler;
  }

  async boot({ host, boot }: Vector, driver: Generation): Promise<void> {
    const cards = Array.from({ length: 256 }, (_, adapter) => ({
      adapter,
      type: host.types[String(adapter)] ?? host.type,
      mode: 'C' as const,
      functions: VECTOR_FUNCTIONS,
    }));
    await this.#handler.submit({
      host: HOST,
      actor: 'conform',
      command: {
        type: 'RegisterHost',
        host: HOST,
        driver,
        hardware: {
          qci: host.qci !== 0,
          apxa: host.apxa !== 0,
          maxAdapter: host.na,
          maxDomain: host.nd,
          adapters: host.apm,
          domains: host.aqm,
          controlDomains: host.adm,
          cards,
        },
        boot,
      },
    });
  }

  async state(): Promise<HostState> {
    const state = await this.#handler.state(HOST);
    if (state === undefined) throw new Error('the host was not registered');
    return state;
  }

  async act(action: Action): Promise<Answer> {
    let { command } = action as { command?: Extract<Action, { kind: 'command' }>['command'] };
    if (action.kind === 'write') {
      const node = nodeAt(await this.state(), action.path);
      if (node?.kind !== 'attribute') return { errno: 'ENOENT', facts: [] };
      const wanted = node.write(action.text);
      if (wanted === undefined) return { errno: 0, facts: [] };
      if ('errno' in wanted) return { errno: wanted.errno, facts: [] };
      ({ command } = wanted);
    }
    if (command === undefined) return { errno: 0, facts: [] };
    const { refusal, isBlocked, facts } = await this.#handler.submit({
      host: HOST,
      actor: 'conform',
      command,
    });
    return { errno: refusal?.errno ?? (isBlocked ? 'BLOCKED' : 0), facts };
  }
}

/** `decider` knows no host yet. Throws VectorError for a vector that cannot be carried out: unknown kernel or operation. */
export async function replayVector(vector: Vector, decider: Decider = new Rules()): Promise<Replay> {
  const driver = generationOf(vector);
  if (driver === undefined) throw new VectorError(`${vector.id}: no rules for kernel ${vector.kernel}`);
  const names = new Map(Object.entries(vector.uuids).map(([name, uuid]) => [uuid.toLowerCase(), name]));
  const machine = new Machine(decider);
  await machine.boot(vector, driver);
  let expected = vector.init;
  let shown = vectorState(await machine.state(), names);
  const atBoot = compareStates(expected, shown);
  if (atBoot !== undefined)
    return { steps: 0, mismatch: { vector: vector.id, step: -1, operation: 'boot', ...atBoot } };
  for (const [index, step] of vector.steps.entries()) {
    const action = actionOf(step, vector.uuids);
    if (action === undefined)
      throw new VectorError(`${vector.id}: step ${index}: no such operation: ${step.op}`);
    expected = applyDelta(expected, step);
    const answer = await machine.act(action);
    const state = await machine.state();
    if (answer.facts.some(changesState)) shown = vectorState(state, names);
    const difference =
      (answer.errno === step.e ? undefined : { what: 'result', expected: step.e, actual: answer.errno }) ??
      compareStates(expected, shown) ??
      compareEvents(step, answer.facts, driver) ??
      (step.out === undefined ? undefined : compareFiles(state, step.out, vector.uuids));
    if (difference !== undefined)
      return {
        steps: index + 1,
        mismatch: { vector: vector.id, step: index, operation: describe(step), ...difference },
      };
  }
  const atEnd = vector.final === undefined ? undefined : compareStates(vector.final, expected);
  if (atEnd !== undefined)
    return {
      steps: vector.steps.length,
      mismatch: { vector: vector.id, step: vector.steps.length, operation: 'final', ...atEnd },
    };
  return { steps: vector.steps.length };
}

const changesState = ({ type }: Fact): boolean => type !== 'CommandRejected' && type !== 'CommandHadNoEffect';

/** A step's operation and arguments, without what is expected of it. */
function describe({ op, u, v, vm, drv, dev, n, t, rc, apm, aqm, adm }: VectorStep): string {
  const args = { u, v, vm, drv, dev, n, t, rc, apm, aqm, adm };
  return `${op} ${JSON.stringify(args)}`;
}
