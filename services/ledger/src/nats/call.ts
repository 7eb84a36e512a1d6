/** A request as the broker brings it: the subject's host, the headers and the body. */
import {
  badHeader,
  type Caller,
  type Current,
  checkHeaderNames,
  hostNameOf,
  noteOf,
  uuidOf,
  waitOf,
} from '@apledger/ledger';
import { decodeToken } from '@apledger/messages';

const COMMAND_ID = 'apledger-command-id';
const MESSAGE_ID = 'nats-msg-id';
export const ACTOR = 'apledger-actor';
export const CORRELATION = 'apledger-correlation';
/** A JWT of a registered key, see identity.ts. */
export const SIGNATURE = 'apledger-signature';
const EXPECTED_REVISION = 'apledger-expected-revision';
/** Set by the server for what comes through an import of another account; what a client sets there, it replaces. */
export const REQUEST_INFO = 'nats-request-info';
/** How many seconds a question waits for a log that is away; without it, it is answered from memory. */
const WAIT = 'apledger-wait';
const KNOWN = new Set([COMMAND_ID, ACTOR, CORRELATION, EXPECTED_REVISION, SIGNATURE, WAIT]);

/** One request. */
export interface Call {
  readonly subject: string;
  /** By their names in lower case; of repeated ones, the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** Who asks; undefined where access is not controlled. */
  readonly caller?: Caller | undefined;
  /** What fits into one message of this broker. */
  readonly maxReplyBytes: number;
  /** Count `Nats-Request-Info` as who asks; see actor.ts. */
  readonly trustsRequestInfo: boolean;
  /** Gets up to where an answer is complete that was given from memory. */
  readonly onMemory?: ((current: Current) => void) | undefined;
}

/** The host that the subject's last token names, encoded as in the subjects of facts: `zlp1%2Ebank%2Eexample`. */
export function hostOfSubject({ subject }: Call): string {
  const token = subject.slice(subject.lastIndexOf('.') + 1);
  return hostNameOf(decodeToken(token) ?? token);
}

/** Throws Problem for a header of ours that does not exist: a misspelt condition. */
export const checkHeaders = ({ headers }: Call): void => checkHeaderNames(headers.keys(), KNOWN);

/** The command's id in lower case; undefined when the client gave none. */
export function commandIdOf({ headers }: Call): string | undefined {
  const name = headers.has(COMMAND_ID) ? COMMAND_ID : MESSAGE_ID;
  const id = headers.get(name);
  return id === undefined ? undefined : uuidOf(name, id);
}

/** The revision that the client decided on. */
export function expectedOf({ headers }: Call): number | 'none' | undefined {
  const text = headers.get(EXPECTED_REVISION);
  if (text === undefined || text === 'none') return text;
  if (!/^\d{1,10}$/.test(text)) throw badHeader(EXPECTED_REVISION, 'must be a revision, from 0, or none');
  return Number(text);
}

/** As long as the client waits for the newest, in ms; undefined when it does not say. */
export function waitMsOf({ headers }: Call): number | undefined {
  const text = headers.get(WAIT);
  return text === undefined ? undefined : waitOf(WAIT, text);
}

/** A line that the client wrote for those who read the log. */
export function noteIn({ headers }: Call, name: typeof ACTOR | typeof CORRELATION): string | undefined {
  const text = headers.get(name);
  return text === undefined ? undefined : noteOf(name, text);
}
