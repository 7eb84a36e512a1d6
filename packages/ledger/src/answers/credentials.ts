/** Tokens, keys and sessions. Their secrets are in no log. */
import { createPublicKey } from 'node:crypto';
import { type Credential, PROGRAMS, sameSubject, standingOf } from '@apledger/access';
import { type CredentialView, Problem } from '@apledger/api';
import type { LedgerFact, Subject } from '@apledger/events';
import { type Caller, notSignedIn } from '../access/caller.ts';
import { digestOf, newCredentialId, newSecret, TOKEN_PREFIX } from '../access/secrets.ts';
import { DAY_MS, validUntil } from '../access/validity.ts';
import type { Answer } from '../answer.ts';
import type { LogLedger } from '../log-ledger.ts';
import { authorOf } from './access.ts';

const MAX_PROGRAM_MS = 366 * DAY_MS;
/** What a person makes for himself. */
const MAX_OWN_MS = 90 * DAY_MS;

const issueToken: Answer<'issueToken'> = async (ledger, request, { caller }) => {
  const { access } = ledger;
  const { program, note, hosts = '*' } = request;
  const subject = await holderOf(ledger, program, caller);
  const until = validUntil(
    request.until,
    access.at,
    program === undefined ? MAX_OWN_MS : MAX_PROGRAM_MS,
    'until',
  );
  const secret = newSecret(TOKEN_PREFIX);
  const token = newCredentialId();
  const data = { token, hash: digestOf(secret), subject, hosts, until, ...(note !== undefined && { note }) };
  await access.append([{ type: 'TokenIssued', data }], authorOf(caller));
  return { token, secret, subject, hosts, until };
};

/** Whom the token is for: a program, which takes an administrator, or the caller himself, who has to be there in person. */
async function holderOf(
  ledger: LogLedger,
  program: string | undefined,
  caller: Caller | undefined,
): Promise<Subject> {
  if (program !== undefined) {
    if (ledger.isControlled) await ledger.access.permit(caller, 'administer', null, 'issue-token');
    return { issuer: PROGRAMS, subject: program };
  }
  if (caller === undefined) {
    if (ledger.isControlled) throw notSignedIn();
    throw new Problem(
      400,
      'invalid-request',
      'Name the program that the token is for: who asks here is not known.',
    );
  }
  await ledger.access.sync();
  const ended = ledger.access.ended(caller);
  if (ended !== undefined) throw notSignedIn(`this ${caller.method} counts no longer, because ${ended}`);
  if (caller.method === 'oidc') return caller.subject;
  throw await ledger.access.denied(
    caller,
    'administer',
    null,
    'issue-token',
    `a ${caller.method} makes no token: sign in yourself, or have an access-admin issue one for a program`,
  );
}

const registerKey: Answer<'registerKey'> = async ({ access }, request, { caller }) => {
  const { program, hosts = '*' } = request;
  const until = validUntil(request.until, access.at, MAX_PROGRAM_MS, 'until');
  const publicKey = publicKeyOf(request.publicKey);
  const key = newCredentialId();
  const subject = { issuer: PROGRAMS, subject: program };
  await access.record(authorOf(caller), (state) => {
    if (state.proofs.has(publicKey))
      throw new Problem(409, 'not-now', 'This key is registered already; a program makes a new one.');
    return [{ type: 'KeyRegistered', data: { key, publicKey, subject, hosts, until } }];
  });
  return { key, subject, hosts, until };
};

/** The x of an Ed25519 key in base64url. Throws Problem for any other. */
function publicKeyOf(text: string): string {
  try {
    const key = text.includes('BEGIN PUBLIC KEY')
      ? createPublicKey(pemOf(text))
      : createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: text }, format: 'jwk' });
    const { x } = key.export({ format: 'jwk' });
    if (key.asymmetricKeyType === 'ed25519' && x !== undefined) return x;
  } catch {
    // As any other text.
  }
  throw new Problem(
    400,
    'invalid-request',
    'That is no Ed25519 public key; make one with openssl genpkey -algorithm ed25519, and openssl pkey -pubout.',
  );
}

const pemOf = (text: string): string => {
  const body = text.replaceAll(/-----[A-Z ]+-----|\s/g, '');
  return `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----\n`;
};

const credentials: Answer<'credentials'> = async ({ access, isControlled }, _, { caller }) => {
  if (isControlled && caller === undefined) throw notSignedIn();
  const state = await access.sync();
  const ended = caller && access.ended(caller);
  if (ended !== undefined) throw notSignedIn(ended);
  const seesAll =
    caller === undefined || access.may(caller, 'administer', null) || access.may(caller, 'report', null);
  return {
    credentials: [...state.credentials.values()]
      .filter(({ subject }) => seesAll || sameSubject(subject, caller.subject))
      .map((each) => credentialView(each, access.at)),
  };
};

const credentialView = (credential: Credential, at: string): CredentialView => {
  const { id, kind, subject, hosts, name = null, madeAt, until, madeBy = null } = credential;
  return {
    id,
    kind,
    subject,
    hosts,
    note: name,
    from: madeAt,
    until,
    madeBy,
    standing: standingOf(credential, at),
  };
};

const REVOCATIONS = {
  token: (token: string, more: { readonly reason?: string }): LedgerFact => ({
    type: 'TokenRevoked',
    data: { token, ...more },
  }),
  key: (key: string, more: { readonly reason?: string }): LedgerFact => ({
    type: 'KeyRevoked',
    data: { key, ...more },
  }),
  session: (session: string, more: { readonly reason?: string }): LedgerFact => ({
    type: 'SessionEnded',
    data: { session, ...more },
  }),
};

const revoke: Answer<'revoke'> = async (ledger, { id, reason }, { caller }) => {
  const { access, isControlled } = ledger;
  if (isControlled && caller === undefined) throw notSignedIn();
  const credential = (await access.sync()).credentials.get(id);
  const isOwn =
    credential !== undefined && caller !== undefined && sameSubject(credential.subject, caller.subject);
  if (isControlled && !isOwn) await access.permit(caller, 'administer', null, 'revoke');
  if (credential === undefined)
    throw new Problem(404, 'unknown-credential', `There is no token, key or session ${id}.`);
  const { kind } = credential;
  await access.record(authorOf(caller), (state) =>
    state.credentials.get(id)?.isRevoked === true
      ? []
      : [REVOCATIONS[kind](id, reason === undefined ? {} : { reason })],
  );
  return { id, kind };
};

export const credentialAnswers = { credentials, issueToken, registerKey, revoke };
