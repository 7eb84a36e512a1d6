/** A ledger over a log in memory, and requests to its endpoints as the broker would bring them. */
import type { ProblemMessage } from '@apledger/api';
import { type EventLog, openMemoryLog } from '@apledger/event-log';
import { asProblem, LogLedger, type LogLedgerOptions } from '@apledger/ledger';
import type { Call } from './call.ts';
import { endpoints } from './endpoints.ts';
import { messageOf } from './service.ts';

/** What came of a request. */
export type Answer =
  | { readonly reply: unknown }
  | { readonly error: ProblemMessage; readonly status: number };

export interface Asking {
  readonly headers?: Readonly<Record<string, string>>;
  readonly maxReplyBytes?: number;
}

export interface Scene {
  readonly log: EventLog;
  readonly ledger: LogLedger;
  /** Tells the ledger's clock. */
  now: Date;
  /** Asks the endpoint whose subject this is; text and bytes are sent as they are, anything else as JSON. */
  ask(subject: string, body?: unknown, asking?: Asking): Promise<Answer>;
  /** As ask, for what is answered without an error; throws the error's text otherwise. */
  reply(subject: string, body?: unknown, asking?: Asking): Promise<Record<string, unknown>>;
}

interface SceneOptions extends Partial<LogLedgerOptions> {
  readonly trustsRequestInfo?: boolean;
}

export async function scene({ trustsRequestInfo = false, ...options }: SceneOptions = {}): Promise<Scene> {
  const log = options.log ?? openMemoryLog();
  const ledger = new LogLedger({ ...options, log, now: () => made.now });
  const made: Scene = {
    log,
    ledger,
    now: new Date('2026-03-01T09:00:00.000Z'),
    ask: (subject, body, asking) => ask(ledger, trustsRequestInfo, subject, body, asking),
    async reply(subject, body, asking) {
      const answer = await ask(ledger, trustsRequestInfo, subject, body, asking);
      if ('error' in answer) throw new Error(JSON.stringify(answer.error));
      return answer.reply as Record<string, unknown>;
    },
  };
  return made;
}

const bytes = (body: unknown): Uint8Array => {
  if (body === undefined) return new Uint8Array();
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
};

/** The endpoint that the broker would give a subject to. */
const endpointOf = (subject: string) =>
  endpoints.find(({ group, subject: pattern }) => {
    const [expected, given] = [`${group}.${pattern}`.split('.'), subject.split('.')];
    return (
      expected.length === given.length && expected.every((token, i) => token === '*' || token === given[i])
    );
  });

async function ask(
  ledger: LogLedger,
  trustsRequestInfo: boolean,
  subject: string,
  body: unknown,
  { headers = {}, maxReplyBytes = 1_000_000 }: Asking = {},
): Promise<Answer> {
  const endpoint = endpointOf(subject);
  if (endpoint === undefined) throw new Error(`no endpoint has the subject ${subject}`);
  const call: Call = {
    subject: `apledger.v1.svc.${subject}`,
    headers: new Map(Object.entries(headers)),
    body: bytes(body),
    maxReplyBytes,
    trustsRequestInfo,
  };
  try {
    return { reply: JSON.parse(JSON.stringify(await endpoint.answer(ledger, call))) };
  } catch (error) {
    const problem = asProblem(error);
    return { error: messageOf(problem), status: problem.status };
  }
}
