/** The ledger as a NATS micro service: the second way, where agents reach a broker and nothing else. */
import { encodeToken, SERVICE_ROOT } from '@apledger/messages';
import { brokerError, connectNats, placeOf } from '@apledger/nats';
import type { ServerOptions } from '@apledger/nats/address';
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { type Question, Refused, type RemoteLedger, remoteLedger, Unreachable } from './ledger.ts';

const SUBJECTS: Readonly<Record<Question, string>> = {
  hello: 'agent.hello',
  observe: 'agent.observe',
  commands: 'agent.commands',
  events: 'query.events',
};
const GRACE_MS = 30_000;

export interface NatsLedgerOptions {
  readonly server: ServerOptions;
  readonly host: string;
  /** `apl_…`, where access is controlled. */
  readonly token?: string | undefined;
}

/** Connects when it is first asked, and again by itself. Close it with `close`. */
export function natsLedger({
  server,
  host,
  token,
}: NatsLedgerOptions): RemoteLedger & { close(): Promise<void> } {
  let connecting: Promise<NatsConnection> | undefined;
  const connection = (): Promise<NatsConnection> => {
    connecting ??= connectNats(server, `agent ${host}`).catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  };
  const given = headers();
  if (token !== undefined) given.set('Authorization', `Bearer ${token}`);
  const ledger = remoteLedger(async (question, request, signal, waitMs) => {
    signal.throwIfAborted();
    let message: Msg;
    try {
      const subject = `${SERVICE_ROOT}.${SUBJECTS[question]}.${encodeToken(host)}`;
      const options = { timeout: waitMs + GRACE_MS, headers: given };
      message = await orAborted(
        (await connection()).request(subject, JSON.stringify(request), options),
        signal,
      );
    } catch (error) {
      if (signal.aborted) throw error;
      throw new Unreachable(`${placeOf(server)}: ${brokerError(error, placeOf(server)).message}`);
    }
    return answerOf(message);
  });
  return { ...ledger, close: async () => (await connecting?.catch(() => undefined))?.close() };
}

function answerOf(message: Msg): unknown {
  const status = Number(message.headers?.get('Nats-Service-Error-Code') ?? '');
  const answer = message.json<{ readonly code?: string; readonly message?: string }>();
  if (status === 0) return answer;
  const { code = 'internal', message: detail = code } = answer;
  if (status >= 500 || status === 429) throw new Unreachable(detail);
  throw new Refused(code, detail);
}

/** The client's requests know no signal. */
function orAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
