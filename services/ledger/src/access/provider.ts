/** The OpenID provider that vouches for people: authorization code with PKCE for browsers, ID tokens of the device flow for the command line. */
import { Problem } from '@apledger/api';
import { type AccessControl, digestOf, newCredentialId, newSecret, SESSION_PREFIX } from '@apledger/ledger';
import { visible } from '@apledger/text';
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import type { OidcConfiguration } from './configuration.ts';

/** Signatures with keys of a provider; none is symmetric, and `none` is not among them. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'EdDSA',
  'Ed25519',
];
/** The clocks of the provider and of this machine may differ so much. */
const CLOCK_TOLERANCE_S = 60;
/** An ID token is exchanged for a session soon after it was issued. */
const MAX_TOKEN_AGE_S = 600;
const TIMEOUT_MS = 5000;
/** An unknown key id makes the keys of the provider be fetched again, but not more often than this. */
const KEYS_COOLDOWN_MS = 5000;

/** What a browser keeps between going to the provider and coming back. */
export interface Departure {
  readonly verifier: string;
  readonly state: string;
  readonly nonce: string;
}

interface OpenedSession {
  readonly secret: string;
  readonly session: string;
  readonly until: string;
}

export class Provider {
  readonly configuration: OidcConfiguration;
  readonly #access: AccessControl;
  readonly #keysCooldownMs: number;
  #discovered: Promise<oidc.Configuration> | undefined;
  #keys: ReturnType<typeof createRemoteJWKSet> | undefined;

  constructor(configuration: OidcConfiguration, access: AccessControl, keysCooldownMs = KEYS_COOLDOWN_MS) {
    this.configuration = configuration;
    this.#keysCooldownMs = keysCooldownMs;
    this.#access = access;
  }

  /** Where the browser goes to sign in, and what it keeps until it is back. Throws Problem 503 when the provider is away. */
  async departure(redirectUri: string): Promise<Departure & { readonly url: string }> {
    const client = await this.#client();
    const departure = {
      verifier: oidc.randomPKCECodeVerifier(),
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
    };
    const url = oidc.buildAuthorizationUrl(client, {
      redirect_uri: redirectUri,
      scope: this.configuration.scopes,
      code_challenge: await oidc.calculatePKCECodeChallenge(departure.verifier),
      code_challenge_method: 'S256',
      state: departure.state,
      nonce: departure.nonce,
    });
    return { ...departure, url: url.href };
  }

  /** The session of a browser that came back to `url`. Throws Problem 401 for what does not fit, 503 when the provider is away. */
  async arrival(url: URL, { verifier, state, nonce }: Departure): Promise<OpenedSession> {
    const client = await this.#client();
    const tokens = await oidc
      .authorizationCodeGrant(client, url, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      })
      .catch((error: unknown) => {
        throw isAway(error) ? this.#away(error) : notVouched(reasonOf(error), error);
      });
    return this.exchange(tokens.id_token ?? '', nonce);
  }

  /** A session for a valid ID token, which counts once. Throws Problem 401 for any other, 503 when the provider is away. */
  async exchange(idToken: string, nonce?: string): Promise<OpenedSession> {
    const { sub: subject = '', [this.configuration.nameClaim]: name } = await this.#verified(idToken, nonce);
    const proof = digestOf(idToken);
    const secret = newSecret(SESSION_PREFIX);
    const session = newCredentialId();
    const { issuer, sessionMs } = this.configuration;
    let until = '';
    await this.#access.record(
      {
        actor: typeof name === 'string' ? name : subject,
        auth: { method: 'oidc', issuer, subject, session },
      },
      (state, at) => {
        if (state.used.has(proof)) throw notVouched('this ID token was used before');
        until = new Date(Date.parse(at) + sessionMs).toISOString();
        const shown =
          typeof name === 'string' && name !== '' && visible(name) === name
            ? { name: name.slice(0, 255) }
            : {};
        const data = {
          session,
          hash: digestOf(secret),
          subject: { issuer, subject },
          until,
          proof,
          ...shown,
        };
        return [{ type: 'SessionOpened', data }];
      },
    );
    return { secret, session, until };
  }

  async #verified(idToken: string, nonce: string | undefined): Promise<JWTPayload> {
    const { issuer, audience } = this.configuration;
    const client = await this.#client();
    this.#keys ??= createRemoteJWKSet(new URL(client.serverMetadata().jwks_uri ?? ''), {
      timeoutDuration: TIMEOUT_MS,
      cooldownDuration: this.#keysCooldownMs,
    });
    try {
      const { payload } = await jwtVerify(idToken, this.#keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        maxTokenAge: MAX_TOKEN_AGE_S,
        requiredClaims: ['sub', 'exp', 'iat'],
        currentDate: new Date(this.#access.at),
      });
      if (nonce !== undefined && payload.nonce !== nonce) throw notVouched('the nonce is another');
      if (Array.isArray(payload.aud) && payload.aud.length > 1 && payload.azp !== audience)
        throw notVouched('it was issued to another client');
      if (typeof payload.sub !== 'string' || payload.sub === '' || payload.sub.length > 255)
        throw notVouched('its subject is no name');
      return payload;
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw isAway(error) ? this.#away(error) : notVouched(reasonOf(error), error);
    }
  }

  /** Asks the provider who it is, at the first need and after every failure. */
  #client(): Promise<oidc.Configuration> {
    this.#discovered ??= this.#discover().catch((error: unknown) => {
      this.#discovered = undefined;
      throw this.#away(error);
    });
    return this.#discovered;
  }

  #discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.configuration;
    const url = new URL(issuer);
    return oidc.discovery(url, clientId, clientSecret, clientSecret === undefined ? oidc.None() : undefined, {
      timeout: TIMEOUT_MS / 1000,
      ...(url.protocol === 'http:' && { execute: [oidc.allowInsecureRequests] }),
    });
  }

  #away(error: unknown): Problem {
    return new Problem(
      503,
      'provider-unreachable',
      `The provider ${this.configuration.issuer} cannot be asked now: ${reasonOf(error)}. Who is signed in stays so, and tokens go on counting.`,
      {},
      error,
    );
  }
}

const notVouched = (reason: string, cause?: unknown): Problem =>
  new Problem(401, 'no-identity', `The provider does not vouch for this: ${reason}.`, {}, cause);

/** The network, not what was said. */
function isAway(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof TypeError) return true;
  if (error instanceof errors.JOSEError) return error.code === 'ERR_JOSE_GENERIC';
  return (
    error instanceof Error &&
    'code' in error &&
    ['OAUTH_TIMEOUT', 'OAUTH_RESPONSE_IS_NOT_CONFORM'].includes(String(error.code))
  );
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the ID token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf' || error.claim === 'iat')
      return `the ID token is not valid yet or too old (${error.claim}): compare the clocks of this machine and of the provider`;
    return `the claim ${error.claim} is wrong`;
  }
  if (error instanceof errors.JOSEError) return error.message;
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return error instanceof Error ? `${error.message}${cause}` : String(error);
}
