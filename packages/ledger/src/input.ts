/** What comes from outside, no matter who brings it: names, bodies and notes, each checked before it is used. */

import { Problem } from '@apledger/api';
import { HOST_NAME_FORM, isHostName, isUuid } from '@apledger/events';
import { visible } from '@apledger/text';

/** Where an operation allows no more. The longest command, a host with 256 cards and both masks written in full, has about half of that. */
export const MAX_REQUEST_BYTES = 128 * 1024;
/** Of what a client says about itself. */
const MAX_NOTE_LENGTH = 256;

/** The text, when it can be the name of a host. Throws Problem `invalid-host`. */
export function hostNameOf(text: string): string {
  if (isHostName(text)) return text;
  throw new Problem(
    400,
    'invalid-host',
    `${JSON.stringify(text.slice(0, 80))} cannot be the name of a host: ${HOST_NAME_FORM}.`,
  );
}

/** The body as JSON; `whenEmpty` stands for an empty one. Throws Problem `not-json`, `request-too-large`. */
export function jsonOf(body: Uint8Array, whenEmpty?: unknown, maxBytes = MAX_REQUEST_BYTES): unknown {
  if (body.length === 0 && whenEmpty !== undefined) return whenEmpty;
  if (body.length > maxBytes) throw tooLarge(`${body.length} bytes`, maxBytes);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : 'it is not UTF-8';
    throw new Problem(400, 'not-json', `The body is not JSON: ${reason}`, {}, error);
  }
}

/** 413; `size` in words, as `131073 bytes`. */
export const tooLarge = (size: string, maxBytes: number): Problem =>
  new Problem(413, 'request-too-large', `The request has ${size}; ${maxBytes} are the most.`);

/** 400; `expected` says what would be right. */
export const badHeader = (name: string, expected: string): Problem =>
  new Problem(400, 'invalid-header', `The header ${name} is not valid.`, {
    problems: [`${name}: ${expected}`],
  });

/** A misspelt header would be a condition that nobody checks. Throws Problem; `given` in lower case. */
export function checkHeaderNames(given: Iterable<string>, known: ReadonlySet<string>): void {
  for (const name of given)
    if (name.startsWith('apledger-') && !known.has(name))
      throw badHeader(name, `unknown; there are ${[...known].join(', ')}`);
}

/** A command's id, in lower case. `header` is where it came from. */
export function uuidOf(header: string, text: string): string {
  const id = text.toLowerCase();
  if (!isUuid(id)) throw badHeader(header, 'must be a UUID');
  return id;
}

/** Longest time that a request waits for the log, in s. */
export const MAX_WAIT_S = 60;

/** How long the client waits for the log, in ms. Throws Problem. */
export function waitOf(header: string, text: string): number {
  if (!/^\d{1,2}(?:\.\d{1,3})?$/.test(text) || Number(text) > MAX_WAIT_S)
    throw badHeader(header, `must be seconds from 0 to ${MAX_WAIT_S}`);
  return Number(text) * 1000;
}

/** A line that the client wrote for those who read the log. */
export function noteOf(header: string, text: string): string {
  if (text.trim() === '' || text.length > MAX_NOTE_LENGTH || visible(text) !== text)
    throw badHeader(
      header,
      `must be 1 to ${MAX_NOTE_LENGTH} characters, none of them a control character or one that cannot be seen`,
    );
  return text;
}
