/** `--access FILE`: what cannot be a fact. YAML or JSON; read once, at the start. */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseSubject } from '@apledger/access';
import { Failure } from '@apledger/command-line';
import { FourEyesRule, problemsOf, type Subject } from '@apledger/events';
import { errorText } from '@apledger/text';
import Type, { type Static } from 'typebox';
import { parse, YAMLParseError } from 'yaml';

const closed = { additionalProperties: false } as const;
const Url = Type.String({ pattern: '^https?://[^#?]+$', maxLength: 512 });

const File = Type.Object(
  {
    origin: Type.Optional(
      Type.Unsafe<string>({
        ...Type.String({ pattern: '^https?://[^/#?]+$' }),
        description: 'how browsers reach the console: https://apledger.bank.example',
      }),
    ),
    oidc: Type.Optional(
      Type.Object(
        {
          issuer: Url,
          clientId: Type.String({ minLength: 1, maxLength: 255 }),
          clientSecretFile: Type.Optional(Type.String({ minLength: 1 })),
          audience: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
          scopes: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
          nameClaim: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
          sessionHours: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 24 })),
        },
        closed,
      ),
    ),
    certificates: Type.Optional(Type.Object({ ca: Type.String({ minLength: 1 }) }, closed)),
    binders: Type.Optional(Type.Array(Type.String({ minLength: 3, maxLength: 770 }), { maxItems: 16 })),
    rules: Type.Optional(Type.Array(FourEyesRule, { maxItems: 1000 })),
    limits: Type.Optional(
      Type.Object(
        {
          requestsPerMinute: Type.Optional(Type.Integer({ minimum: 1 })),
          connections: Type.Optional(Type.Integer({ minimum: 1 })),
        },
        closed,
      ),
    ),
  },
  closed,
);

export interface OidcConfiguration {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly audience: string;
  readonly scopes: string;
  readonly nameClaim: string;
  readonly sessionMs: number;
}

export interface AccessConfiguration {
  /** SHA-256 of the file. */
  readonly hash: string;
  readonly origin: string | undefined;
  readonly oidc: OidcConfiguration | undefined;
  /** PEM of the certificates that client certificates are signed by. */
  readonly ca: string | undefined;
  readonly binders: readonly Subject[];
  readonly rules: readonly FourEyesRule[];
  readonly requestsPerMinute: number;
  readonly connections: number;
}

const DEFAULT_SESSION_HOURS = 8;
const DEFAULT_REQUESTS_PER_MINUTE = 100_000;
const DEFAULT_CONNECTIONS = 10_000;
const HOUR_MS = 3_600_000;

/** Throws Failure(2) for what cannot be read or meant, naming the place in the file. */
export function readAccessConfiguration(path: string): AccessConfiguration {
  const text = readText(path, '--access');
  return accessConfiguration(text, path);
}

export function accessConfiguration(text: string, path: string): AccessConfiguration {
  const file = parsed(text, path);
  const { oidc, certificates, limits } = file;
  if (oidc !== undefined) checkIssuer(oidc.issuer, path);
  const beside = (name: string): string => resolve(dirname(path), name);
  return {
    hash: hash('sha256', text, 'hex'),
    origin: file.origin,
    oidc: oidc && {
      issuer: oidc.issuer,
      clientId: oidc.clientId,
      clientSecret:
        oidc.clientSecretFile === undefined
          ? undefined
          : readText(beside(oidc.clientSecretFile), `${path}: oidc.clientSecretFile`).trim(),
      audience: oidc.audience ?? oidc.clientId,
      scopes: oidc.scopes ?? 'openid profile',
      nameClaim: oidc.nameClaim ?? 'preferred_username',
      sessionMs: (oidc.sessionHours ?? DEFAULT_SESSION_HOURS) * HOUR_MS,
    },
    ca: certificates && readText(beside(certificates.ca), `${path}: certificates.ca`),
    binders: (file.binders ?? []).map((text_, index) =>
      binderOf(text_, oidc?.issuer, `${path}: binders.${index}`),
    ),
    rules: file.rules ?? [],
    requestsPerMinute: limits?.requestsPerMinute ?? DEFAULT_REQUESTS_PER_MINUTE,
    connections: limits?.connections ?? DEFAULT_CONNECTIONS,
  };
}

function parsed(text: string, path: string): Static<typeof File> {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    if (!(error instanceof YAMLParseError || error instanceof ReferenceError)) throw error;
    throw new Failure(2, `--access ${path}: no YAML: ${error.message}`, error);
  }
  const problems = problemsOf(File, value);
  if (problems.length > 0) throw new Failure(2, `--access ${path}: ${problems.join('; ')}`);
  return value as Static<typeof File>;
}

/** What an eavesdropper could change says nothing about who somebody is. */
function checkIssuer(issuer: string, path: string): void {
  const { protocol, hostname } = new URL(issuer);
  if (protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)) return;
  throw new Failure(
    2,
    `--access ${path}: oidc.issuer: ${issuer} must be an https:// URL, or on this machine`,
  );
}

function binderOf(text: string, issuer: string | undefined, place: string): Subject {
  const subject = parseSubject(text, issuer);
  if (subject !== undefined) return subject;
  throw new Failure(2, `--access ${place}: ${text}: write ISSUER#NAME, as https://idp.example#anna`);
}

function readText(path: string, place: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure(2, `${place} ${path}: ${errorText(error)}`, error);
  }
}
