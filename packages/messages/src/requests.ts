/**
 * Questions and commands to a ledger service over NATS, signed where access is controlled: who listens on the broker then learns no
 * secret, and can send nothing again. See docs/nats-service.md.
 */
import { createHash, createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { encodeToken, SERVICE_ROOT } from './subjects.ts';

/** A signature counts for so long; the service takes no longer ones. */
const SIGNED_S = 60;
const TIMEOUT_MS = 20_000;

/** A key that was registered with `apledger token register-key`. */
export interface RequestKey {
  /** As the registration printed it. */
  readonly id: string;
  readonly privateKey: KeyObject;
}

/** The private key of a file that `openssl genpkey -algorithm ed25519` has written. Throws TypeError for any other. */
export function requestKey(id: string, pem: string | Uint8Array): RequestKey {
  const privateKey = createPrivateKey(typeof pem === 'string' ? pem : Buffer.from(pem));
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new TypeError('the key that signs requests is an Ed25519 key: openssl genpkey -algorithm ed25519');
  return { id, privateKey };
}

export interface RequestsOptions {
  readonly connection: NatsConnection;
  /** Signs each request. Without it, and without a token, requests are those of nobody. */
  readonly key?: RequestKey;
  /** A token `apl_…`, which everybody on the broker who may listen to the request can read. */
  readonly token?: string;
  /** How long an answer is waited for, 20 s by default. */
  readonly timeoutMs?: number;
}

/** What a command is sent with. */
export interface Sending {
  /** A UUID. When no answer comes, send the command again with the same one: it is carried out once. */
  readonly commandId?: string;
  /** The revision of the host that the sender decided on. */
  readonly expected?: number | 'none';
  readonly correlation?: string;
}

type Body = Readonly<Record<string, unknown>>;

/** The service said no: `status` and `code` as docs/nats-service.md lists them. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly status: number;
  readonly code: string;
  readonly body: Body;

  constructor(status: number, body: Body) {
    super(String(body.message ?? 'the service refused the request'));
    this.status = status;
    this.code = String(body.code ?? '');
    this.body = body;
  }
}

/** Every call throws RequestRefused, and the client's TimeoutError or RequestError when nobody answers. */
export class Requests {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** The receipt of a command; of one that the driver refused as well. */
  command(host: string, command: Body, { commandId = randomUUID(), ...rest }: Sending = {}): Promise<Body> {
    const given: Record<string, string> = { 'apledger-command-id': commandId };
    if (rest.expected !== undefined) given['apledger-expected-revision'] = String(rest.expected);
    if (rest.correlation !== undefined) given['apledger-correlation'] = rest.correlation;
    return this.#ask(`command.${encodeToken(host)}`, command, given, commandId);
  }

  /** Proposes commands for a host to a second person: `commands`, `reason`, and `change`, an id of the proposer's own. */
  propose(host: string, proposal: Body): Promise<Body> {
    return this.#ask(`change.propose.${encodeToken(host)}`, proposal, {}, randomUUID());
  }

  /** Asks a question, such as `who-am-i`, or about a host `custody`. */
  query(name: string, request: Body = {}, host?: string): Promise<Body> {
    const subject = host === undefined ? `query.${name}` : `query.${name}.${encodeToken(host)}`;
    return this.#ask(subject, request, {}, randomUUID());
  }

  async #ask(below: string, request: Body, given: Record<string, string>, id: string): Promise<Body> {
    const { connection, key, token, timeoutMs = TIMEOUT_MS } = this.#options;
    const subject = `${SERVICE_ROOT}.${below}`;
    const body = Buffer.from(JSON.stringify(request));
    const fields = headers();
    for (const [name, value] of Object.entries(given)) fields.set(name, value);
    if (key !== undefined) fields.set('apledger-signature', signature(key, subject, body, id));
    else if (token !== undefined) fields.set('Authorization', `Bearer ${token}`);
    const reply = await connection.request(subject, body, { timeout: timeoutMs, headers: fields });
    const status = reply.headers?.get('Nats-Service-Error-Code') ?? '';
    const answer = reply.json<Body>();
    if (status !== '') throw new RequestRefused(Number(status), answer);
    return answer;
  }
}

/** A JWT (RFC 7519) over the subject and the SHA-256 of the body, for one use. */
function signature({ id: kid, privateKey }: RequestKey, subject: string, body: Buffer, id: string): string {
  const iat = Math.floor(Date.now() / 1000);
  const bh = createHash('sha256').update(body).digest('base64url');
  const claims = { sub: subject, bh, iat, exp: iat + SIGNED_S, jti: id };
  const text = [{ alg: 'EdDSA', kid }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
}
