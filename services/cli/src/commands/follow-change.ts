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

export interface Following {
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
  try {
    let shown = await ledger.ask('change', { change: id });
    const teller = new Teller(json, output);
    if (!isMoving(shown)) return shown;
    teller.state(shown);
    for await (const fact of ledger.follow({ after, types: TYPES }, stop)) {
      if (fact.stream !== changeStreamOf(id)) continue;
      teller.fact(fact);
      if (fact.type === 'StepStarted' && fact.data.command !== null) continue;
      shown = await ledger.ask('change', { change: id });
      if (!isMoving(shown)) return shown;
      teller.state(shown);
    }
    return await ledger.ask('change', { change: id });
  } finally {
    ending.abort();
    await moving;
  }
}

const isMoving = ({ change }: Reply<'change'>): boolean => MOVING.has(change.status);

/** Prints what happens: facts as they are with --json. */
class Teller {
  readonly #json: boolean;
  readonly #output: Output;
  #said = '';
  #texts = new Map<string, string>();
  #of = 0;

  constructor(json: boolean, output: Output) {
    this.#json = json;
    this.#output = output;
  }

  fact(fact: RecordedFact): void {
    if (this.#json) this.#output.out(jsonLine(fact));
    else for (const text of this.#lines(fact)) this.#say(text);
  }

  /** What it waits for, each time that this is something else. */
  state({ change, run }: Reply<'change'>): void {
    if (run !== null) {
      this.#of = run.steps.length;
      this.#texts = new Map(run.steps.map(({ step, text }) => [`${run.plan.planHash} ${step}`, text]));
    }
    const { waitsFor, deadline } = change;
    if (waitsFor.length === 0 || this.#json) return;
    const until = deadline === null ? '' : ` (until ${deadline.until})`;
    const said = `waiting${until}: ${waitsFor.join('; ')}`;
    if (said !== this.#said) this.#say(said);
    this.#said = said;
  }

  #lines({ type, data }: RecordedFact): string[] {
    const step = `${String(data.step).padStart(3)}/${this.#of}  ${this.#texts.get(`${data.plan} ${data.step}`) ?? ''}`;
    switch (type) {
      case 'StepDone':
        return [step];
      case 'StepRefused':
        return [`${step}`, `refused: ${data.errno}: ${data.explanation}`];
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

  #say(text: string): void {
    this.#output.out(line(visible(text)));
  }
}
