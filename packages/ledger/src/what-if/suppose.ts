/** Steps decided on a state, one on top of the other, as a shell would carry them out there. */
import type { SupposedStep } from '@apledger/api';
import { decide } from '@apledger/driver';
import type { Fact } from '@apledger/events';
import { evolve, type HostState } from '@apledger/host';
import { ask, type HostOperation, parseStep, ScriptError } from '@apledger/script';

/** A step that cannot be read, or cannot be asked for here. */
export class BadStep extends Error {
  override readonly name = 'BadStep';
  /** Counted from 1. */
  readonly step: number;
  constructor(step: number, text: string, problem: string) {
    super(`step ${step}, ${JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text)}: ${problem}`);
    this.step = step;
  }
}

/** A step that was read. */
export interface ReadStep {
  /** As it was given. */
  readonly text: string;
  readonly operation: HostOperation;
}

/** Reads the texts, each a line of a script. Throws BadStep for the first that is none, or is not about the one host. */
export function parseSteps(texts: readonly string[]): ReadStep[] {
  return texts.map((text, index) => {
    const bad = (problem: string): BadStep => new BadStep(index + 1, text, problem);
    const { operation, mustFail } = read(text, bad);
    if (operation.kind === 'host') throw bad('a what-if is about one host that there is');
    if (mustFail) throw bad('leave out the !: the answer says what would fail');
    return { text, operation };
  });
}

function read(text: string, bad: (problem: string) => BadStep) {
  try {
    return parseStep(text);
  } catch (error) {
    throw error instanceof ScriptError ? bad(error.problem) : error;
  }
}

/** A state, and what steps make of it, one on top of the other. */
export class Scene {
  /** After all steps so far; the steps change it. */
  readonly state: HostState;
  /** Below /sys. */
  #directory = '';

  constructor(state: HostState) {
    this.state = state;
  }

  /** Decides one more step. A refused one changes nothing but what its facts say, and the next one goes on from there. */
  carryOut({ text, operation }: ReadStep): SupposedStep {
    const asked = ask(this.state, this.#directory, operation);
    let facts: readonly Fact[] = [];
    if (!('commands' in asked)) {
      const { output, directory = this.#directory, refused } = asked;
      this.#directory = directory;
      const looked = { step: text, commands: [], facts, output };
      if (refused === undefined) return { ...looked, outcome: 'nothing' };
      const { message: _, ...refusal } = refused;
      return { ...looked, outcome: 'refused', refusal };
    }
    const { commands } = asked;
    let outcome: SupposedStep['outcome'] = 'nothing';
    for (const command of commands) {
      const decision = decide(this.state, command);
      for (const fact of decision.facts) evolve(this.state, fact);
      facts = [...facts, ...decision.facts];
      const { refusal } = decision;
      if (refusal !== undefined)
        return { step: text, commands, outcome: 'refused', facts, output: '', refusal };
      if (decision.isBlocked) outcome = 'blocked';
      else if (outcome === 'nothing' && facts.some(({ type }) => type !== 'CommandHadNoEffect'))
        outcome = 'done';
    }
    return { step: text, commands, outcome, facts, output: '' };
  }
}
