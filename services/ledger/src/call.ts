/** A request as the endpoints see it: the subject's host, the headers and the body, each checked before it is used. */
import { HostName } from '@apledger/events';
import { Compile } from 'typebox/compile';
import { Problem } from './problem.ts';

/** The longest command, a host with 256 cards and both masks written in full, has about half of that. */
export const MAX_REQUEST_BYTES = 128 * 1024;
/** Of what a client says about itself. */
const MAX_NOTE_LENGTH = 256;

const PREFIX = 'apledger-';
export const COMMAND_ID = 'apledger-command-id';
export const MESSAGE_ID = 'nats-msg-id';
export const ACTOR = 'apledger-actor';
export const CORRELATION = 'apledger-correlation';
export const EXPECTED_REVISION = 'apledger-expected-revision';
/** Set by the server for what comes through an import of another account; what a client sets there, it replaces. */
export const REQUEST_INFO = 'nats-request-info';
const KNOWN = new Set([COMMAND_ID, ACTOR, CORRELATION, EXPECTED_REVISION]);

/** One request. */
export interface Call {
  readonly subject: string;
  /** By their names in lower case; of repeated ones, the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** What fits into one message of this broker. */
  readonly maxReplyBytes: number;
}

const hostName = Compile(HostName);

/** The host that the subject's last token names. */
export function hostOfSubject({ subject }: Call): string {
  const host = subject.slice(subject.lastIndexOf('.') + 1);
  const isName: boolean = hostName.Check(host);
  if (isName) return host;
  throw new Problem(
    400,
    'invalid-host',
    `${JSON.stringify(host.slice(0, 80))} cannot be the name of a host: letters, digits, - and _, at most 63.`,
  );
}

/** The body as JSON; `whenEmpty` stands for an empty one. */
export function jsonOf({ body }: Call, whenEmpty?: unknown): unknown {
  if (body.length === 0 && whenEmpty !== undefined) return whenEmpty;
  if (body.length > MAX_REQUEST_BYTES)
    throw new Problem(
      413,
      'request-too-large',
      `The request has ${body.length} bytes; ${MAX_REQUEST_BYTES} are the most.`,
    );
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : 'it is not UTF-8';
    throw new Problem(400, 'not-json', `The body is not JSON: ${reason}`, {}, error);
  }
}

const badHeader = (name: string, expected: string): Problem =>
  new Problem(400, 'invalid-header', `The header ${name} is not valid.`, {
    problems: [`${name}: ${expected}`],
  });

/** A misspelt header would be a condition that nobody checks. */
export function checkHeaders({ headers }: Call): void {
  for (const name of headers.keys())
    if (name.startsWith(PREFIX) && !KNOWN.has(name))
      throw badHeader(name, `unknown; there are ${[...KNOWN].join(', ')}`);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The command's id in lower case; undefined when the client gave none. */
export function commandIdOf({ headers }: Call): string | undefined {
  const name = headers.has(COMMAND_ID) ? COMMAND_ID : MESSAGE_ID;
  const id = headers.get(name)?.toLowerCase();
  if (id !== undefined && !UUID.test(id)) throw badHeader(name, 'must be a UUID');
  return id;
}

/** The revision that the client decided on. */
export function expectedOf({ headers }: Call): number | 'none' | undefined {
  const text = headers.get(EXPECTED_REVISION);
  if (text === undefined || text === 'none') return text;
  if (!/^\d{1,10}$/.test(text)) throw badHeader(EXPECTED_REVISION, 'must be a revision, from 0, or none');
  return Number(text);
}

/** A line that the client wrote for those who read the log. */
export function noteOf({ headers }: Call, name: typeof ACTOR | typeof CORRELATION): string | undefined {
  const text = headers.get(name);
  if (text === undefined) return undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get into a log
  if (text.trim() === '' || text.length > MAX_NOTE_LENGTH || /[\u0000-\u001f\u007f-\u009f]/.test(text))
    throw badHeader(name, `must be 1 to ${MAX_NOTE_LENGTH} characters, none of them a control character`);
  return text;
}
