/** Who asks, as a transport found out. */
import { PROGRAMS } from '@apledger/access';
import { Problem } from '@apledger/api';
import type { Auth } from '@apledger/event-log';
import type { Subject } from '@apledger/events';

export interface Caller {
  /** How it was found out. */
  readonly method: 'oidc' | 'token' | 'mtls' | 'key';
  readonly subject: Subject;
  /** As the issuer shows it to people. */
  readonly name?: string;
  /** Id of the token, session or key in the stream `access`; undefined for a certificate. */
  readonly credential?: string;
  /** For the envelope: the credential, or the certificate's hash. */
  readonly session: string;
  /** Narrows what the subject's roles allow. */
  readonly hosts: string;
  /** RFC 3339 in UTC. */
  readonly until: string;
}

/** For the envelope of what the caller causes. */
export const authOf = ({ method, subject: { issuer, subject }, session }: Caller): Auth => ({
  method,
  issuer,
  subject,
  session,
});

/** For people who read the log; what counts is `auth`. */
export const actorOf = ({ name, subject: { issuer, subject } }: Caller): string =>
  name ?? (issuer === PROGRAMS ? `program ${subject}` : subject);

/** Nobody has come with credentials that count. */
export const notSignedIn = (
  why = 'sign in: apledger login --server URL, the page of the console, or a token',
): Problem => new Problem(401, 'no-identity', `This ledger answers to those it knows only: ${why}.`);
