/**
 * How a log's streams and positions are named on a server.
 *
 * A host's stream is one subject, `<log>.log.<stream>`: its name percent-encoded as in a URL, since a subject takes
 * neither dots nor wildcards nor spaces in a token. A commit is one message on it; the position of a fact is the
 * message's sequence in the JetStream stream times 100,000, plus the fact's place in the commit. So position 3400001
 * reads as "message 34, second fact", and nobody has to be asked for the next number.
 */

import { LogError } from '../errors.ts';

/** More than any commit has facts (MAX_FACTS_PER_COMMIT), and readable in decimal: 2^53 holds 90 billion commits. */
const POSITIONS_PER_MESSAGE = 100_000;
/** Bytes of an encoded stream name; a subject's line must stay well below the server's 4096. */
const MAX_TOKEN_LENGTH = 1024;
const LOG_NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** The names that a log has on a server. */
export interface Names {
  /** Of the JetStream stream. */
  readonly archive: string;
  /** Every subject of the log. */
  readonly all: string;
  /** What stands before a stream's token. */
  readonly prefix: string;
  /** The same on the subjects where appends say that they wait for their turn. */
  readonly waiting: string;
}

/** Throws TypeError when the name cannot be part of a subject. */
export function namesOf(log: string): Names {
  if (!LOG_NAME.test(log)) throw new TypeError(`a log's name has letters, digits, - and _ only: ${log}`);
  return { archive: `${log}-log`, all: `${log}.log.*`, prefix: `${log}.log.`, waiting: `${log}.waiting.` };
}

/** The subject of a stream. Throws TypeError for ill-formed text, LogError `too-large` for a name beyond bounds. */
export function subjectOf(names: Names, stream: string): string {
  if (!stream.isWellFormed()) throw new TypeError('text with a lone surrogate cannot be recorded');
  const token = encodeURIComponent(stream).replace(
    /[.*!'()~]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  if (token.length > MAX_TOKEN_LENGTH) {
    const reason = `its name takes ${token.length} bytes as a subject, at most ${MAX_TOKEN_LENGTH}`;
    throw new LogError('too-large', stream.slice(0, 80), reason, { remedy: 'choose a shorter name' });
  }
  return names.prefix + token;
}

/** The stream of a subject, undefined when no stream has it. */
export function streamOf(names: Names, subject: string): string | undefined {
  try {
    const stream = decodeURIComponent(subject.slice(names.prefix.length));
    return subjectOf(names, stream) === subject ? stream : undefined;
  } catch {
    return undefined;
  }
}

/** Position of the fact at `index` of the commit that is message `sequence`. */
export function positionOf(sequence: number, index: number): number {
  return sequence * POSITIONS_PER_MESSAGE + index;
}

/** The message in which a position lies. */
export function sequenceOf(position: number): number {
  return (position - (position % POSITIONS_PER_MESSAGE)) / POSITIONS_PER_MESSAGE;
}
