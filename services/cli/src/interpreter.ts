/** Carries a script's steps out, one by one, on the hosts of a log, as a shell on such a host would. */
import type { Refusal } from '@apledger/api';
import type { Command, Errno, Fact } from '@apledger/events';
import type { Ledger } from '@apledger/ledger';
import { type Answer, ask, errnoText, type Operation, type Step } from '@apledger/script';
import { visible } from '@apledger/text';

/** What one step did. */
export interface StepResult {
  readonly step: Step;
  readonly errno: Errno | null;
  /** What the step prints on standard output. */
  readonly output: string;
  /** What a shell would print on standard error, '' when the step succeeded. */
  readonly message: string;
  readonly refusal?: Refusal;
  readonly isBlocked: boolean;
  readonly facts: readonly Fact[];
  /** True when the step ended as it had to: it succeeded, or it failed and was marked to fail. */
  readonly asExpected: boolean;
}

/** Everything but the bookkeeping about the step itself. */
type Effect = Omit<StepResult, 'step' | 'asExpected'>;

const NOTHING: Effect = { errno: null, output: '', message: '', isBlocked: false, facts: [] };
const failed = (errno: Errno, message: string): Effect => ({
  ...NOTHING,
  errno,
  message: `${message}: ${errnoText[errno]}`,
});

export interface InterpreterOptions {
  readonly ledger: Pick<Ledger, 'submit' | 'state'>;
  /** Who runs the script, for the log: `root@box`. */
  readonly user: string;
  /** What the script is called in messages. */
  readonly name: string;
  /** The host that steps act on until the script names one. */
  readonly host?: string;
}

export class Interpreter {
  readonly #options: InterpreterOptions;
  readonly #correlation = crypto.randomUUID();
  #host: string | undefined;
  /** Below the sysfs root, without a leading slash. */
  #directory = '';

  constructor(options: InterpreterOptions) {
    this.#options = options;
    this.#host = options.host;
  }

  /** Carries one step out. Throws only what the log throws. */
  async run(step: Step): Promise<StepResult> {
    const effect = await this.#effectOf(step, step.operation);
    return { step, ...effect, asExpected: step.mustFail === (effect.errno !== null) };
  }

  async #effectOf(step: Step, operation: Operation): Promise<Effect> {
    if (operation.kind === 'host') return this.#selectHost(step, operation);
    if (operation.kind === 'echo' && operation.path === undefined)
      return { ...NOTHING, output: operation.text };
    const state = this.#host === undefined ? undefined : await this.#options.ledger.state(this.#host);
    if (state === undefined)
      return failed(
        'ENODEV',
        `${operation.kind}: no host yet; begin with: host NAME adapters=... domains=...`,
      );
    const asked = ask(state, this.#directory, operation);
    return 'commands' in asked
      ? this.#submitAll(step, asked.complaint, asked.commands)
      : this.#answered(asked);
  }

  #answered({ output, directory, refused }: Answer): Effect {
    if (directory !== undefined) this.#directory = directory;
    if (refused === undefined) return { ...NOTHING, output };
    const { message, ...refusal } = refused;
    return { ...NOTHING, output, message, errno: refusal.errno, refusal };
  }

  async #selectHost(step: Step, { name, settings }: Extract<Operation, { kind: 'host' }>): Promise<Effect> {
    this.#host = name;
    this.#directory = '';
    if (settings === undefined)
      return (await this.#options.ledger.state(name)) === undefined
        ? failed('ENODEV', `host: ${name}`)
        : NOTHING;
    return this.#submit(step, `host: ${name}`, { type: 'RegisterHost', host: name, ...settings });
  }

  async #submitAll(step: Step, complaint: string, commands: readonly Command[]): Promise<Effect> {
    let effect = NOTHING;
    for (const command of commands) {
      const next = await this.#submit(step, complaint, command);
      effect = { ...next, facts: [...effect.facts, ...next.facts] };
      if (next.errno !== null) break;
    }
    return effect;
  }

  /** `complaint` begins the message of a refusal, as a shell would begin it. */
  async #submit(step: Step, complaint: string, command: Command): Promise<Effect> {
    const { ledger, user, name } = this.#options;
    const {
      facts: recorded,
      isBlocked,
      refusal,
    } = await ledger.submit({
      host: this.#host ?? '',
      command,
      actor: visible(`${user} ${name}:${step.line}`),
      correlation: this.#correlation,
    });
    const facts = recorded ?? [];
    if (refusal === undefined) return { ...NOTHING, facts, isBlocked };
    return { ...failed(refusal.errno, complaint), facts, isBlocked, refusal };
  }
}
