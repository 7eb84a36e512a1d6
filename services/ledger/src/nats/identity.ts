/**
 * Who sends a request over NATS, where access is controlled: the secret of a token or session (Authorization: Bearer …), or a JWT that a
 * registered Ed25519 key has signed over the subject and the body's hash, so that a broker that is listened to gives nothing away.
 */
import { createHash } from 'node:crypto';
import { type Caller, notSignedIn } from '@apledger/ledger';
import { decodeProtectedHeader, errors, importJWK, jwtVerify } from 'jose';
import { isCaller } from '../access/authenticator.ts';
import type { Edge } from '../access/edge.ts';
import type { Failure } from '../access/failures.ts';
import { type Call, commandIdOf, SIGNATURE } from './call.ts';

/** A signature counts for so long, and clocks may differ by half of it. */
const MAX_AGE_S = 60;
const CLOCK_TOLERANCE_S = 30;
/** For the counting of failures: within an account NATS does not say who sent a message. */
const SOURCE = 'nats';

/** Throws Problem 401 for who is not known, and counts him. */
export async function callerOf(call: Call, edge: Edge, replays: Replays, at: string): Promise<Caller> {
  const found = await find(call, edge, replays, at);
  if (isCaller(found)) return found;
  edge.failures.count(SOURCE, found);
  throw notSignedIn(
    `show a token (header Authorization: Bearer apl_…) or sign the request; this one is ${found}`,
  );
}

async function find(
  call: Call,
  { authenticator, access }: Edge,
  replays: Replays,
  at: string,
): Promise<Caller | Failure> {
  const authorization = call.headers.get('authorization');
  if (authorization !== undefined) {
    const secret = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    return secret === undefined ? 'malformed' : authenticator.ofSecret(secret);
  }
  const signature = call.headers.get(SIGNATURE);
  if (signature === undefined) return 'none';
  try {
    const { kid = '' } = decodeProtectedHeader(signature);
    const key = access.state.credentials.get(kid) ?? (await access.sync()).credentials.get(kid);
    if (key?.kind !== 'key') return 'unknown';
    const jwk = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: key.proof }, 'EdDSA');
    const { payload } = await jwtVerify(signature, jwk, {
      algorithms: ['EdDSA', 'Ed25519'],
      requiredClaims: ['iat', 'exp', 'jti'],
      maxTokenAge: MAX_AGE_S,
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(at),
    });
    const { exp = 0, iat = 0, jti = '' } = payload;
    if (exp - iat > MAX_AGE_S || payload.sub !== call.subject || payload.bh !== bodyHash(call.body))
      return 'malformed';
    // A command under its own id is carried out once; anything else is answered once.
    if (commandIdOf(call) !== jti && !replays.isNew(`${kid} ${jti}`, exp * 1000, Date.parse(at)))
      return 'replayed';
    return authenticator.ofCredential(key);
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError)
      return error instanceof errors.JWTExpired ? 'expired' : 'malformed';
    throw error;
  }
}

/** What the claim `bh` holds: SHA-256 of the body in base64url. */
export const bodyHash = (body: Uint8Array): string => createHash('sha256').update(body).digest('base64url');

/** Ids of signed requests that were answered, for as long as their signatures count. */
export class Replays {
  readonly #until = new Map<string, number>();

  /** Whether it is the first time; remembers it. Times are in ms since 1970. */
  isNew(id: string, until: number, now: number): boolean {
    // In the order in which they came, so about in that of their ends.
    for (const [known, end] of this.#until) {
      if (end + CLOCK_TOLERANCE_S * 1000 > now) break;
      this.#until.delete(known);
    }
    if (this.#until.has(id)) return false;
    this.#until.set(id, until);
    return true;
  }
}
