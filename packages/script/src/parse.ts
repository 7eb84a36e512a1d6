/** Scripts, and single lines of them. A whole text is read before anything is carried out: a script with a mistake changes nothing. */
import { GENERATION_NAMES } from '@apledger/events';
import {
  type HardwareSettings,
  type HostSettings,
  parseHardwareSettings,
  parseHostSettings,
} from './settings.ts';

/** What one line asks for. */
export type Operation =
  | { readonly kind: 'cd' | 'ls' | 'readlink'; readonly path: string }
  | { readonly kind: 'cat'; readonly paths: readonly string[] }
  | { readonly kind: 'echo'; readonly text: string; readonly path: string | undefined }
  | { readonly kind: 'host'; readonly name: string; readonly settings: HostSettings | undefined }
  | { readonly kind: 'guest'; readonly action: 'start'; readonly guest: string; readonly mdev: string }
  | { readonly kind: 'guest'; readonly action: 'stop' | 'migrate'; readonly guest: string }
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
  const variables = new Map<string, string>();
  const steps: Step[] = [];
  text.split('\n').forEach((raw, index) => {
    const line = index + 1;
    if (raw.length > MAX_LINE) throw new ScriptError(line, `longer than ${MAX_LINE} characters`);
    try {
      const step = parseLine(raw.replace(/\r$/, ''), line, variables);
      if (step !== undefined) steps.push(step);
    } catch (error) {
      throw error instanceof ScriptError
        ? error
        : new ScriptError(line, error instanceof Error ? error.message : String(error));
    }
  });
  return steps;
}

/** The step of one line on its own. Throws ScriptError when it cannot be read, and when it asks for nothing. */
export function parseStep(text: string): Step {
  if (/[\r\n]/.test(text)) throw new ScriptError(1, 'a step is one line');
  const [step] = parseScript(text);
  if (step === undefined) throw new ScriptError(1, 'asks for nothing');
  return step;
}

function parseLine(raw: string, line: number, variables: Map<string, string>): Step | undefined {
  const source = raw.trim();
  const mustFail = /^!(\s|$)/.test(source);
  const words = splitWords(mustFail ? source.slice(1) : source, variables);
  const [first] = words;
  if (first === undefined) {
    if (mustFail) throw new Error('there is nothing after !');
    return undefined;
  }
  const assignment = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(first.text);
  if (assignment !== null && words.length === 1 && !mustFail) {
    variables.set(assignment[1] ?? '', assignment[2] ?? '');
    return undefined;
  }
  return { line, source, mustFail, operation: parseOperation(words) };
}

interface Word {
  readonly text: string;
  /** An unquoted `>` or `>>`. */
  readonly isRedirection: boolean;
}

/** Splits a line as a shell does: blanks, quotes, backslashes, $NAME and ${NAME}, # comments, > redirections. */
function splitWords(source: string, variables: ReadonlyMap<string, string>): Word[] {
  const words: Word[] = [];
  let word: string | undefined;
  let quote = '';
  const end = (): void => {
    if (word !== undefined) words.push({ text: word, isRedirection: false });
    word = undefined;
  };
  for (let at = 0; at < source.length; at++) {
    const char = source[at] ?? '';
    if (char === '$' && quote !== "'") {
      const name = /^\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/.exec(source.slice(at));
      if (name === null) throw new Error('$ needs a name after it, or single quotes around it');
      const value = variables.get(name[1] ?? name[2] ?? '');
      if (value === undefined) throw new Error(`${name[0]} was given no value`);
      word = (word ?? '') + value;
      at += name[0].length - 1;
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else if (char === '\\' && quote === '"' && /["\\$]/.test(source[at + 1] ?? ''))
        word = (word ?? '') + source[++at];
      else word = (word ?? '') + char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= '';
    } else if (char === '\\') {
      if (at + 1 === source.length) throw new Error('a line cannot be continued on the next one');
      word = (word ?? '') + source[++at];
    } else if (char === '>') {
      end();
      if (source[at + 1] === '>') at++;
      words.push({ text: '>', isRedirection: true });
    } else if (/[|;&<`()]/.test(char)) {
      throw new Error(`${char} is not understood here: one plain command a line, or put quotes around it`);
    } else if (/\s/.test(char)) {
      end();
    } else if (char === '#' && word === undefined) {
      break;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== '') throw new Error(`the quote ${quote} is not closed`);
  end();
  return words;
}

const USAGE: Readonly<Record<string, string>> = {
  cd: 'cd PATH',
  ls: 'ls PATH',
  readlink: 'readlink PATH',
  cat: 'cat PATH...',
  echo: 'echo [-n] VALUE > PATH',
  host: `host NAME adapters=5,6 domains=4,0x47 [control-domains=...] [driver=${GENERATION_NAMES.join('|')}] [apmask=...] [aqmask=...] [types=05:CEX5C,...]`,
  guest: 'guest start NAME UUID, guest stop NAME, or guest migrate NAME',
  scan: 'scan',
  hardware: 'hardware [adapters=...] [domains=...] [control-domains=...] [types=...]',
  card: 'card 05 config=0|1, or card 05 chkstop=0|1',
};

function parseOperation(words: readonly Word[]): Operation {
  const [name = '', ...args] = words.map(({ text }) => text);
  const usage = USAGE[name];
  if (usage === undefined)
    throw new Error(`${name}: no such command; there are ${Object.keys(USAGE).join(', ')}`);
  if (name === 'echo') return parseEcho(words.slice(1));
  if (words.some(({ isRedirection }) => isRedirection))
    throw new Error(`only echo can write into a file: ${usage}`);
  const operation = readOperation(name, args);
  if (operation === undefined) throw new Error(`usage: ${usage}`);
  return operation;
}

/** The text that echo writes, and where to; without a redirection it is printed. */
function parseEcho(words: readonly Word[]): Operation {
  const at = words.findIndex(({ isRedirection }) => isRedirection);
  const rest = at < 0 ? [] : words.slice(at + 1);
  const [target] = rest;
  if (at >= 0 && (target === undefined || rest.length > 1 || target.isRedirection))
    throw new Error(`usage: ${USAGE.echo}`);
  const values = words.slice(0, at < 0 ? words.length : at).map(({ text }) => text);
  const noNewline = values[0] === '-n';
  const text = values.slice(noNewline ? 1 : 0).join(' ') + (noNewline ? '' : '\n');
  return { kind: 'echo', text, path: target?.text };
}

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
    default:
      if (first === 'start' && second !== undefined && third !== undefined && args.length === 3)
        return { kind: 'guest', action: 'start', guest: second, mdev: third.toLowerCase() };
      if ((first === 'stop' || first === 'migrate') && second !== undefined && args.length === 2)
        return { kind: 'guest', action: first, guest: second };
      return undefined;
  }
}
