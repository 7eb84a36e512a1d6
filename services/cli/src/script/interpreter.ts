/** Carries a script's steps out, one by one, on the hosts of a log, as a shell on such a host would. */
import type { CommandHandler, Receipt } from '@apledger/command-handler';
import type { HostState, Refusal } from '@apledger/driver';
import type { Command, Errno, Fact } from '@apledger/events';
import { type Node, nodeAt, pathInSys, resolvePath } from '@apledger/sysfs';
import { errnoText } from './errno-text.ts';
import type { Operation, Step } from './parse.ts';

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
type Effect = Pick<StepResult, 'errno' | 'output' | 'message' | 'isBlocked' | 'facts'> & {
  readonly refusal?: Refusal;
};

const NOTHING: Effect = { errno: null, output: '', message: '', isBlocked: false, facts: [] };
const printed = (output: string): Effect => ({ ...NOTHING, output });
const failed = (errno: Errno, message: string): Effect => ({
  ...NOTHING,
  errno,
  message: `${message}: ${errnoText[errno]}`,
});

export interface InterpreterOptions {
  readonly handler: CommandHandler;
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
    if (operation.kind === 'echo' && operation.path === undefined) return printed(operation.text);
    const state = this.#host === undefined ? undefined : await this.#options.handler.state(this.#host);
    if (state === undefined)
      return failed(
        'ENODEV',
        `${operation.kind}: no host yet; begin with: host NAME adapters=... domains=...`,
      );
    switch (operation.kind) {
      case 'cd':
        return this.#changeDirectory(state, operation.path);
      case 'ls':
        return this.#list(state, operation.path);
      case 'readlink':
        return this.#readLink(state, operation.path);
      case 'cat':
        return this.#read(state, operation.paths);
      case 'echo':
        return this.#write(step, state, operation.path ?? '', operation.text);
      case 'guest':
        return this.#guest(step, state, operation);
      case 'scan':
        return this.#submit(step, 'scan', { type: 'ScanBus' });
      case 'hardware':
        return this.#submit(step, 'hardware', { type: 'ChangeHardware', ...operation.settings });
      case 'card':
        return this.#card(step, state, operation);
    }
  }

  async #selectHost(step: Step, { name, settings }: Extract<Operation, { kind: 'host' }>): Promise<Effect> {
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(name))
      return failed('EINVAL', `host: ${name}: a name has letters, digits, - and _, and at most 63 of them`);
    this.#host = name;
    this.#directory = '';
    if (settings === undefined)
      return (await this.#options.handler.state(name)) === undefined
        ? failed('ENODEV', `host: ${name}`)
        : NOTHING;
    return this.#submit(step, `host: ${name}`, { type: 'RegisterHost', host: name, ...settings });
  }

  /** `what` begins the message of a refusal, as a shell would begin it. */
  async #submit(step: Step, what: string, command: Command): Promise<Effect> {
    const { handler, user, name } = this.#options;
    const receipt: Receipt = await handler.submit({
      host: this.#host ?? '',
      command,
      actor: `${user} ${name}:${step.line}`,
      correlation: this.#correlation,
    });
    const { facts, isBlocked, refusal } = receipt;
    if (refusal === undefined) return { ...NOTHING, facts, isBlocked };
    return { ...failed(refusal.errno, what), facts, isBlocked, refusal };
  }

  /** A path as typed, below the sysfs root; undefined when it lies outside. */
  #path(path: string): string | undefined {
    return path.startsWith('/') ? pathInSys(path) : `${this.#directory}/${path}`;
  }

  #node(state: HostState, path: string): Node | undefined {
    const inSys = this.#path(path);
    return inSys === undefined ? undefined : nodeAt(state, inSys);
  }

  /** As #node, but follows a link to what it names. */
  #target(state: HostState, path: string): Node | undefined {
    const resolved = this.#resolve(state, path);
    return resolved === undefined ? undefined : nodeAt(state, resolved);
  }

  #resolve(state: HostState, path: string): string | undefined {
    const inSys = this.#path(path);
    return inSys === undefined ? undefined : resolvePath(state, inSys);
  }

  #changeDirectory(state: HostState, path: string): Effect {
    const node = this.#target(state, path);
    if (node === undefined) return failed('ENOENT', `cd: ${path}`);
    if (node.kind !== 'directory')
      return { ...NOTHING, errno: 'EINVAL', message: `cd: ${path}: Not a directory` };
    this.#directory = this.#resolve(state, path) ?? '';
    return NOTHING;
  }

  #list(state: HostState, path: string): Effect {
    const node = this.#target(state, path);
    if (node === undefined) return failed('ENOENT', `ls: cannot access '${path}'`);
    return printed(
      node.kind === 'directory'
        ? node
            .list()
            .map((name) => `${name}\n`)
            .join('')
        : `${path}\n`,
    );
  }

  #readLink(state: HostState, path: string): Effect {
    const node = this.#node(state, path);
    if (node === undefined) return failed('ENOENT', `readlink: ${path}`);
    return node.kind === 'link' ? printed(`${node.target}\n`) : failed('EINVAL', `readlink: ${path}`);
  }

  #read(state: HostState, paths: readonly string[]): Effect {
    let effect = NOTHING;
    for (const path of paths) {
      const node = this.#target(state, path);
      if (node === undefined) effect = { ...failed('ENOENT', `cat: ${path}`), output: effect.output };
      else if (node.kind !== 'attribute')
        effect = { ...effect, errno: 'EINVAL', message: `cat: ${path}: Is a directory` };
      else {
        const content = node.read();
        effect =
          typeof content === 'string'
            ? { ...effect, output: effect.output + content }
            : { ...failed(content.errno, `cat: ${path}`), output: effect.output };
      }
    }
    return effect;
  }

  async #write(step: Step, state: HostState, path: string, text: string): Promise<Effect> {
    const node = this.#target(state, path);
    // A shell creates what it redirects into, and nothing can be created in sysfs; that the file is missing says more.
    if (node === undefined) return failed('ENOENT', path);
    if (node.kind !== 'attribute') return { ...NOTHING, errno: 'EINVAL', message: `${path}: Is a directory` };
    const wanted = node.write(text);
    if (wanted === undefined) return NOTHING;
    if ('command' in wanted) return this.#submit(step, 'echo: write error', wanted.command);
    return failed(wanted.errno, wanted.errno === 'EACCES' ? path : 'echo: write error');
  }

  async #guest(
    step: Step,
    state: HostState,
    operation: Extract<Operation, { kind: 'guest' }>,
  ): Promise<Effect> {
    const { action, guest } = operation;
    const what = `guest ${action} ${guest}`;
    if (action === 'start')
      return this.#submit(step, what, { type: 'StartGuest', mdev: operation.mdev, guest });
    const opened = [...state.mdevs.values()].filter((mdev) => mdev.guest === guest);
    if (opened.length === 0) return failed('ENODEV', `${what}: it is not running`);
    let effect = NOTHING;
    for (const { uuid } of opened) {
      const one = await this.#submit(step, what, {
        type: action === 'stop' ? 'StopGuest' : 'MigrateGuest',
        mdev: uuid,
      });
      effect = { ...one, facts: [...effect.facts, ...one.facts] };
      if (one.errno !== null) break;
    }
    return effect;
  }

  async #card(
    step: Step,
    state: HostState,
    { card, attribute, value }: Extract<Operation, { kind: 'card' }>,
  ): Promise<Effect> {
    if (attribute === 'config')
      return this.#write(step, state, `/sys/devices/ap/card${card}/config`, `${value}\n`);
    if (value !== '0' && value !== '1') return failed('EINVAL', `card ${card}: chkstop=${value}`);
    const adapter = Number.parseInt(card, 16);
    return this.#submit(step, `card ${card}`, { type: 'SetCheckStop', adapter, checkStopped: value === '1' });
  }
}
