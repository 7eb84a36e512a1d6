/** Scripts, and single lines of them. A whole text is read before anything is carried out: a script with a mistake changes nothing. */
import { parseApqn } from '@apledger/ap';
import { GENERATION_NAMES, HOST_NAME_FORM, isHostName, type Wiper } from '@apledger/events';
import { errorText } from '@apledger/text';
import { readEcho } from './echo.ts';
import {
  type HardwareSettings,
  type HostSettings,
  parseHardwareSettings,
  parseHostSettings,
} from './settings.ts';
import { splitWords, type Word } from './words.ts';

/** What one line asks for. */
export type Operation =
  | { readonly kind: 'cd' | 'ls' | 'readlink'; readonly path: string }
  | { readonly kind: 'cat'; readonly paths: readonly string[] }
  | { readonly kind: 'echo'; readonly text: string; readonly path: string | undefined }
  | { readonly kind: 'host'; readonly name: string; readonly settings: HostSettings | undefined }
  | { readonly kind: 'reboot'; readonly autostart: readonly string[] }
  | { readonly kind: 'modprobe' | 'rmmod' }
  | { readonly kind: 'zeroize'; readonly queues: readonly string[]; readonly by: Wiper }
  | {
      readonly kind: 'guest';
      readonly action: 'start' | 'attach' | 'detach';
      readonly guest: string;
      readonly mdev: string;
    }
  | { readonly kind: 'guest'; readonly action: 'stop' | 'migrate' | 'reset'; readonly guest: string }
  | { readonly kind: 'scan' }
  | { readonly kind: 'hardware'; readonly settings: HardwareSettings }
  | {
      readonly kind: 'card';
      readonly card: string;
      readonly attribute: 'config' | 'chkstop';
      readonly value: string;
    };

export interface Step {
  /** Counted from 1. */
  readonly line: number;
  /** The line as written, without blanks around it. */
  readonly source: string;
  readonly operation: Operation;
  /** The line began with `! `: it has to fail. */
  readonly mustFail: boolean;
}

/** A script that cannot be read; nothing of it was carried out. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
  readonly line: number;
  /** The message without the line. */
  readonly problem: string;
  constructor(line: number, problem: string) {
    super(`line ${line}: ${problem}`);
    this.line = line;
    this.problem = problem;
  }
}

/** A line longer than this is no line of a script. */
const MAX_LINE = 65_536;

/** The steps of a script. Throws ScriptError for the first line that cannot be read. */
export function parseScript(text: string): Step[] {
  if (text.startsWith('\ufeff'))
    throw new ScriptError(1, 'begins with a byte order mark, which a shell takes for text: save it without');
  const variables = new Map<string, string>();
  const steps: Step[] = [];
  text.split('\n').forEach((raw, index) => {
    const step = at(index + 1, () => parseLine(raw, index + 1, variables));
    if (step !== undefined) steps.push(step);
  });
  return steps;
}

/** What `read` gives; its errors are of that line. */
function at<T>(line: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ScriptError(line, errorText(error));
  }
}

/** The step of one line on its own. Throws ScriptError when it cannot be read, and when it asks for nothing. */
export function parseStep(text: string): Step {
  if (/[\r\n]/.test(text)) throw new ScriptError(1, 'a step is one line');
  const [step] = parseScript(text);
  if (step === undefined) throw new ScriptError(1, 'asks for nothing');
  return step;
}

function parseLine(raw: string, line: number, variables: Map<string, string>): Step | undefined {
  checkCharacters(raw);
  const source = raw.replace(/^[ \t]+|[ \t]+$/g, '');
  const mustFail = /^!([ \t]|$)/.test(source);
  // The end is kept: a blank there may follow a backslash.
  const words = splitWords(mustFail ? source.slice(1) : raw, variables);
  const [first] = words;
  if (first === undefined) {
    if (mustFail) throw new Error('there is nothing after !');
    return undefined;
  }
  if (first.assigns !== undefined && words.length === 1 && !mustFail) {
    assign(first.assigns, variables);
    return undefined;
  }
  return { line, source, mustFail, operation: parseOperation(words) };
}

function checkCharacters(raw: string): void {
  if (raw.length > MAX_LINE) throw new Error(`longer than ${MAX_LINE} characters`);
  if (raw.endsWith('\r'))
    throw new Error('ends in a carriage return, which a shell takes for text: save it with Unix line ends');
  if (raw.includes('\0') || !raw.isWellFormed())
    throw new Error(
      'has a NUL, or half of a surrogate pair, which no text of a shell can have: leave it out',
    );
}

/** Variables that mean something to bash itself, or that it sets. */
const OF_THE_SHELL =
  /^(?:_|BASH.*|CDPATH|COLUMNS|COMP_.*|COMPREPLY|COPROC|DIRSTACK|ENV|EPOCH.*|EUID|EXECIGNORE|FCEDIT|FIGNORE|FUNCN.*|GLOB.*|GROUPS|HIST.*|HOME|HOST.*|IFS|IGNOREEOF|INPUTRC|INSIDE_EMACS|LANG|LC_.*|LINENO|LINES|MACHTYPE|MAIL.*|MAPFILE|OLDPWD|OPT.*|OSTYPE|PATH|PIPESTATUS|POSIXLY_CORRECT|PPID|PROMPT_.*|PS[0-4]|PWD|RANDOM|READLINE_.*|REPLY|SECONDS|SHELL|SHELLOPTS|SHLVL|SRANDOM|TIMEFORMAT|TMOUT|TMPDIR|UID)$/;

function assign({ name, value }: NonNullable<Word['assigns']>, variables: Map<string, string>): void {
  if (OF_THE_SHELL.test(name)) throw new Error(`${name} means something to the shell: use another name`);
  variables.set(name, value);
}

const USAGE: Readonly<Record<string, string>> = {
  cd: 'cd PATH',
  ls: 'ls PATH',
  readlink: 'readlink PATH',
  cat: 'cat PATH...',
  host: `host NAME adapters=5,6 domains=4,0x47 [control-domains=...] [driver=${GENERATION_NAMES.join('|')}] [apmask=...] [aqmask=...] [types=05:CEX5C,...]`,
  echo: 'echo [-neE] VALUE > PATH',
  guest: 'guest start|attach|detach NAME UUID, or guest stop|reset|migrate NAME',
  modprobe: 'modprobe vfio_ap, or modprobe -r vfio_ap',
  rmmod: 'rmmod vfio_ap',
  zeroize: 'zeroize 05.0004... [by=HMC|TKE]',
  scan: 'scan',
  hardware: 'hardware [adapters=...] [domains=...] [control-domains=...] [types=...]',
  card: 'card 05 config=0|1, or card 05 chkstop=0|1',
};

/** What is typed often and is none of the commands, and what to write for it. */
const INSTEAD: Readonly<Record<string, string>> = {
  printf: 'echo, or echo -n',
  tee: 'echo VALUE > PATH',
  sudo: 'the command alone: a script acts as root',
  export: 'NAME=value',
  sleep: 'nothing: a simulated host has no time that passes',
};

function parseOperation(words: readonly Word[]): Operation {
  const [name = '', ...args] = words.map(({ text }) => text);
  const usage = Object.hasOwn(USAGE, name) ? USAGE[name] : undefined;
  if (usage === undefined) throw new Error(`${name}: no such command; ${instead(name)}`);
  const operation = name === 'echo' ? echo(words.slice(1)) : plainOperation(words, usage);
  if (operation === undefined) throw new Error(`usage: ${usage}`);
  checkPaths(name, args, operation);
  return operation;
}

const instead = (name: string): string =>
  Object.hasOwn(INSTEAD, name) ? `write ${INSTEAD[name]}` : `there are ${Object.keys(USAGE).join(', ')}`;

const echo = (words: readonly Word[]): Operation | undefined => {
  const read = readEcho(words);
  return read === undefined ? undefined : { kind: 'echo', ...read };
};

function plainOperation(words: readonly Word[], usage: string): Operation | undefined {
  if (words.some(({ isRedirection }) => isRedirection))
    throw new Error(`only echo can write into a file: ${usage}`);
  const [name = '', ...args] = words.map(({ text }) => text);
  return readOperation(name, args);
}

/** bash and its tools have more ways to read these. */
function checkPaths(name: string, args: readonly string[], operation: Operation): void {
  const { kind } = operation;
  if (kind === 'echo' ? operation.path === '' : isOfFiles(kind) && args.includes(''))
    throw new Error(`an empty path is no file: ${USAGE[name]}`);
  const option = isOfFiles(kind) ? args.find((arg) => arg.startsWith('-')) : undefined;
  if (option !== undefined)
    throw new Error(`${option}: ${name} has no options here; a name that begins so is written ./${option}`);
}

const isOfFiles = (kind: Operation['kind']): boolean =>
  kind === 'cd' || kind === 'ls' || kind === 'readlink' || kind === 'cat';

function readOperation(name: string, args: readonly string[]): Operation | undefined {
  const [first, second, third] = args;
  switch (name) {
    case 'cd':
    case 'ls':
    case 'readlink':
      if (args.length > 1 || (first === undefined && name !== 'ls')) return undefined;
      return { kind: name, path: first ?? '.' };
    case 'cat':
      return args.length === 0 ? undefined : { kind: 'cat', paths: args };
    case 'scan':
      return args.length > 0 ? undefined : { kind: 'scan' };
    case 'host':
      if (first === undefined) return undefined;
      if (first === 'reboot') return reboot(args.slice(1));
      if (!isHostName(first)) throw new Error(`${first}: a host's name has ${HOST_NAME_FORM}`);
      return {
        kind: 'host',
        name: first,
        settings: args.length === 1 ? undefined : parseHostSettings(args.slice(1)),
      };
    case 'hardware':
      return args.length === 0 ? undefined : { kind: 'hardware', settings: parseHardwareSettings(args) };
    case 'card': {
      const setting = /^(config|chkstop)=(.*)$/.exec(second ?? '');
      if (first === undefined || setting === null || args.length > 2) return undefined;
      const card = /^(?:card)?([0-9a-f]{2})$/i.exec(first)?.[1];
      if (card === undefined) throw new Error(`${first} is no card: write two hex digits, like 05`);
      const attribute = setting[1] === 'config' ? 'config' : 'chkstop';
      return { kind: 'card', card: card.toLowerCase(), attribute, value: setting[2] ?? '' };
    }
    case 'modprobe':
      if (first === '-r' && second === 'vfio_ap' && args.length === 2) return { kind: 'rmmod' };
      return args.length === 1 && first === 'vfio_ap' ? { kind: name } : undefined;
    case 'rmmod':
      return args.length === 1 && first === 'vfio_ap' ? { kind: name } : undefined;
    case 'zeroize':
      return zeroize(args);
    default:
      if (second === undefined) return undefined;
      if (first === 'start' || first === 'attach' || first === 'detach')
        return third === undefined || args.length > 3
          ? undefined
          : { kind: 'guest', action: first, guest: second, mdev: third.toLowerCase() };
      return (first === 'stop' || first === 'migrate' || first === 'reset') && args.length === 2
        ? { kind: 'guest', action: first, guest: second }
        : undefined;
  }
}

/** `host reboot [autostart=UUID,UUID]`: the mdevs that are made again, as they are at the reboot. */
function reboot(args: readonly string[]): Operation | undefined {
  const [setting] = args;
  if (setting === undefined) return { kind: 'reboot', autostart: [] };
  const list = /^autostart=(.*)$/.exec(setting)?.[1];
  if (list === undefined || args.length > 1) throw new Error('usage: host reboot [autostart=UUID,UUID]');
  return { kind: 'reboot', autostart: list === '' ? [] : list.toLowerCase().split(',') };
}

function zeroize(args: readonly string[]): Operation | undefined {
  const by = args.at(-1)?.startsWith('by=') ? args.at(-1)?.slice('by='.length) : 'HMC';
  const queues = args.filter((arg) => !arg.startsWith('by=')).map((queue) => queue.toLowerCase());
  if ((by !== 'HMC' && by !== 'TKE') || queues.length === 0 || args.length - queues.length > 1)
    return undefined;
  const unknown = queues.find((queue) => parseApqn(queue) === undefined);
  if (unknown !== undefined) throw new Error(`${unknown} is no queue: write a name like 05.0047`);
  return { kind: 'zeroize', queues, by };
}
