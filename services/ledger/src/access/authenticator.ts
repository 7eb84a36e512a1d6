/** From what a client shows to who it is. */
import type { X509Certificate } from 'node:crypto';
import { type Credential, standingOf, X509 } from '@apledger/access';
import type { AccessControl, Caller } from '@apledger/ledger';
import { digestOf, isSecret } from '@apledger/ledger';
import type { Failure } from './failures.ts';

/** Who it is, or why it is nobody. */
export type Found = Caller | Failure;

/** Whether somebody was recognized; else the text says why not. */
export const isCaller = (found: Found): found is Caller => typeof found === 'object';

const METHODS = { token: 'token', session: 'oidc', key: 'key' } as const;

export class Authenticator {
  readonly #access: AccessControl;

  constructor(access: AccessControl) {
    this.#access = access;
  }

  /** Of the secret of a token or a session. */
  async ofSecret(secret: string, kind?: Credential['kind']): Promise<Found> {
    if (!isSecret(secret)) return 'malformed';
    const proof = digestOf(secret);
    const credential = this.#access.state.proofs.get(proof) ?? (await this.#access.sync()).proofs.get(proof);
    if (credential === undefined || credential.kind === 'key') return 'unknown';
    return kind !== undefined && credential.kind !== kind ? 'unknown' : this.ofCredential(credential);
  }

  /** Of a credential whose proof was checked. */
  ofCredential(credential: Credential): Found {
    const { kind, id, subject, hosts, until, name } = credential;
    const standing = standingOf(credential, this.#access.at);
    if (standing !== 'valid') return standing;
    return {
      method: METHODS[kind],
      subject,
      credential: id,
      session: id,
      hosts,
      until,
      ...(kind === 'session' && name !== undefined && { name }),
    };
  }

  /** Of a certificate that TLS has verified: its first URI among the alternative names, else its hash, and never its common name. */
  ofCertificate(certificate: X509Certificate): Found {
    const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
    const uri = /(?:^|, )URI:([^,"\s]{1,255})(?:,|$)/.exec(certificate.subjectAltName ?? '')?.[1];
    const until = new Date(certificate.validTo).toISOString();
    if (this.#access.at >= until) return 'expired';
    return {
      method: 'mtls',
      subject: { issuer: X509, subject: uri ?? `sha256:${fingerprint}` },
      session: fingerprint.slice(0, 32),
      hosts: '*',
      until,
    };
  }
}
