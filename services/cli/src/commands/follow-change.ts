/** A planned change followed on the command line: a line for each thing that happens, until it rests. */
import { type ChangeView, type Reply, recordedFacts } from '@apledger/api';
import { jsonLine, line, type Output } from '@apledger/command-line';
import type { RecordedFact } from '@apledger/event-log';
import { changeStreamOf } from '@apledger/events';
import type { Ledger } from '@apledger/ledger';
import { visible } from '@apledger/text';

const MOVING: ReadonlySet<ChangeView['status']> = new Set(['approved', 'running', 'verifying', 'going-back']);
/** Types of what happens to changes. */
const TYPES = [...recordedFacts.keys()].filter((type) => /^(?:Change|Step|Confirmation|Deadline)/.test(type));

interface Following {
  /** Only what came after this position is shown. */
  readonly after: number;
  readonly json: boolean;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Moves the change on where nobody else does, and shows what happens. Resolves with it when nothing happens by itself any more, or at the signal. */
export async function followChange(
  ledger: Ledger,
  id: string,
  following: Following,
): Promise<Reply<'change'>> {
  const { after, signal, json, output } = following;
  const ending = new AbortController();
  const stop = AbortSignal.any([signal, ending.signal]);
  const moving = ledger.move(id, stop);
  const teller = new Teller(json, output);
  let lastTold = after;
  const tell = (fact: RecordedFact): void => {
    lastTold = fact.position;
    if (fact.stream === changeStreamOf(id)) teller.fact(fact);
  };
  try {
    let shown = await ledger.ask('change', { change: id });
    teller.state(shown);
    if (isMoving(shown))
      for await (const fact of ledger.follow({ after, types: TYPES }, stop)) {
        tell(fact);
        if (fact.stream !== changeStreamOf(id) || isOneOfMany(fact)) continue;
        shown = await ledger.ask('change', { change: id });
        if (!isMoving(shown)) break;
        teller.state(shown);
      }
    // Who moves it may be faster than this: what it has come to, it has come to by facts that were not told yet.
    for await (const fact of ledger.facts({ after: lastTold, types: TYPES })) tell(fact);
    return isMoving(shown) ? await ledger.ask('change', { change: id }) : shown;
  } finally {
    ending.abort();
    await moving;
  }
}

/** The facts of a step that is no wait: after them the change goes on by itself, and there may be hundreds. */
const isOneOfMany = ({ type, data }: RecordedFact): boolean =>
  type === 'StepDone' || (type === 'StepStarted' && data.command !== null);

const isMoving = ({ change }: Reply<'change'>): boolean => MOVING.has(change.status);

/** Prints what happens: facts as they are with --json. */
class Teller {
  readonly #json: boolean;
  readonly #output: Output;
  #said = '';
  /** The steps of each plan of the change, by its hash. */
  readonly #steps = new Map<string, readonly string[]>();

  constructor(json: boolean, output: Output) {
    this.#json = json;
    this.#output = output;
  }

  fact(fact: RecordedFact): void {
    // The way back, and what is left of a held change, are plans of their own.
    if (isPlan(fact.data.plan)) this.#learn(fact.data.plan);
    if (this.#json) this.#output.out(jsonLine(fact));
    else for (const text of this.#lines(fact)) this.#say(text);
  }

  /** What it waits for, each time that this is something else. */
  state({ change, run }: Reply<'change'>): void {
    if (run !== null) this.#learn(run.plan);
    const { waitsFor, deadline } = change;
    if (!MOVING.has(change.status) || waitsFor.length === 0 || this.#json) return;
    const until = deadline === null ? '' : ` (until ${deadline.until})`;
    const said = `waiting${until}: ${waitsFor.join('; ')}`;
    if (said !== this.#said) this.#say(said);
    this.#said = said;
  }

  #learn({ planHash, steps }: PlanSteps): void {
    this.#steps.set(
      planHash,
      steps.map(({ text }) => text),
    );
  }

  #lines({ type, data }: RecordedFact): string[] {
    switch (type) {
      case 'StepDone':
        return [this.#step(data)];
      case 'StepRefused':
        return [this.#step(data), `refused: ${data.errno}: ${data.explanation}`];
      case 'StepUnconfirmed':
        return [this.#step(data), `nobody knows what became of it: ${data.reason}`];
      case 'ChangeGoesBack':
        return ['going back:'];
      case 'ConfirmationAwaited':
        return [
          `all steps are done. It goes back at ${data.until} unless it is confirmed: apledger change confirm ${data.change}`,
        ];
      case 'DeadlinePassed':
        return [`nobody did it in time (${data.deadline}, until ${data.until})`];
      default:
        return [];
    }
  }

  #step({ plan, step }: RecordedFact['data']): string {
    const steps = this.#steps.get(String(plan)) ?? [];
    return `${String(step).padStart(3)}/${steps.length}  ${steps[Number(step) - 1] ?? ''}`;
  }

  #say(text: string): void {
    this.#output.out(line(visible(text)));
  }
}

interface PlanSteps {
  readonly planHash: string;
  readonly steps: readonly { readonly text: string }[];
}

const isPlan = (value: unknown): value is PlanSteps =>
  typeof value === 'object' && value !== null && 'planHash' in value;
