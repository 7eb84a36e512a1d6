/** Facts in the stream `access`: who is who, who may do what where, what was denied. Secrets are kept as SHA-256 only. */
import Type, { type Static } from 'typebox';
import { closedObject } from './closed-object.ts';
import { HostName } from './vocabulary.ts';

export const Instant = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$',
  description: 'RFC 3339 in UTC with milliseconds',
});
export const Digest = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'hexadecimal SHA-256' });

/** What can be asked of a ledger. A role is a set of them. */
export const VERBS = [
  'read',
  'report',
  'propose',
  'approve',
  'command',
  'simulate',
  'agent',
  'administer',
] as const;
export const Verb = Type.Enum([...VERBS]);
export type Verb = Static<typeof Verb>;

export const ROLES = [
  'viewer',
  'auditor',
  'operator',
  'approver',
  'agent',
  'access-admin',
  'break-glass',
] as const;
export const Role = Type.Enum([...ROLES]);
export type Role = Static<typeof Role>;

/** Which changes of a host need a second person. */
export const FOUR_EYES = ['none', 'grants', 'all'] as const;
export const FourEyes = Type.Enum([...FOUR_EYES], {
  description:
    'none: no change needs a second person; grants: what gives a guest or the host a queue; all: every change',
});
export type FourEyes = Static<typeof FourEyes>;

/** The narrow alphabet keeps out negation, braces and paths. */
export const HostPattern = Type.String({
  pattern: '^[A-Za-z0-9_.*?-]{1,63}$',
  description: 'name of a host, in which * stands for any characters and ? for one',
});
export const Subject = Type.Object(
  {
    issuer: Type.String({
      minLength: 1,
      maxLength: 512,
      description:
        'who vouches for the subject: the URL of an OpenID provider, x509 for certificates, apledger for programs',
    }),
    subject: Type.String({ minLength: 1, maxLength: 255, description: 'as the issuer spells it' }),
  },
  { additionalProperties: false, description: 'a person or program: both parts together' },
);
export type Subject = Readonly<Static<typeof Subject>>;
/** `https://idp.example#anna`: an issuer has no fragment (OpenID Connect Discovery 2), so the first # ends it. */
export const subjectText = ({ issuer, subject }: Subject): string => `${issuer}#${subject}`;

/** Names of programs are given by administrators. */
export const ProgramName = Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' });
/** Of tokens, sessions, keys and uses of break glass. */
export const CredentialId = Type.String({ pattern: '^[a-z0-9]{8,32}$' });
export const Reason = Type.String({ minLength: 1, maxLength: 500 });
const Text = Type.String({ maxLength: 500 });
const Until = Type.Union([Instant, Type.Null()], { description: 'null = until it is taken away' });

export const FourEyesRule = Type.Object(
  {
    hosts: HostPattern,
    fourEyes: FourEyes,
    approversFrom: Type.Optional(
      Type.String({ maxLength: 512, description: 'only subjects of this issuer approve' }),
    ),
  },
  { additionalProperties: false },
);
export type FourEyesRule = Readonly<Static<typeof FourEyesRule>>;

const binding = { subject: Subject, role: Role, hosts: HostPattern };

export const accessFactSchemas = {
  AccessConfigured: closedObject(
    {
      hash: Digest,
      issuers: Type.Array(Type.String({ maxLength: 512 }), { maxItems: 16 }),
      binders: Type.Array(Subject, { maxItems: 16, description: 'may bind roles before anybody has one' }),
      rules: Type.Array(FourEyesRule, { maxItems: 1000 }),
    },
    'a service started with another access configuration than the last; hash is that of the file',
  ),
  RoleBound: closedObject(
    { ...binding, until: Until, reason: Type.Optional(Text) },
    'a subject has a role on hosts',
  ),
  RoleUnbound: closedObject({ ...binding, reason: Type.Optional(Text) }, 'and has it no longer'),
  TokenIssued: closedObject(
    {
      token: CredentialId,
      hash: Digest,
      subject: Subject,
      hosts: HostPattern,
      until: Instant,
      note: Type.Optional(Text),
    },
    'anyone who shows the secret with this hash acts as the subject, on these hosts only',
  ),
  TokenRevoked: closedObject(
    { token: CredentialId, reason: Type.Optional(Text) },
    'the token is no longer valid',
  ),
  KeyRegistered: closedObject(
    {
      key: CredentialId,
      publicKey: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', description: 'Ed25519, base64url' }),
      subject: Subject,
      hosts: HostPattern,
      until: Instant,
    },
    'anyone who signs with this key acts as the subject, on these hosts only',
  ),
  KeyRevoked: closedObject({ key: CredentialId, reason: Type.Optional(Text) }, 'the key is no longer valid'),
  SessionOpened: closedObject(
    {
      session: CredentialId,
      hash: Digest,
      subject: Subject,
      until: Instant,
      name: Type.Optional(Type.String({ maxLength: 255, description: 'as the issuer shows it to people' })),
      proof: Type.Optional(Digest),
    },
    'a person signed in; proof is the hash of the ID token, which counts once',
  ),
  SessionEnded: closedObject({ session: CredentialId, reason: Type.Optional(Text) }, 'a person signed out'),
  AccessDenied: closedObject(
    {
      verb: Verb,
      host: Type.Union([HostName, Type.Null()], { description: 'null = the ledger itself' }),
      asked: Type.String({ maxLength: 128, description: 'the operation or the type of the command' }),
      reason: Text,
    },
    'an authenticated subject asked for what it may not do',
  ),
  AuthenticationFailed: closedObject(
    {
      source: Type.String({ maxLength: 128, description: 'address of the client, or the transport' }),
      from: Instant,
      until: Instant,
      count: Type.Integer({ minimum: 1 }),
      reasons: Type.Record(Type.String({ maxLength: 64 }), Type.Integer({ minimum: 1 })),
    },
    'requests without valid credentials, summed up: one fact a source and minute',
  ),
  BreakGlassOpened: closedObject(
    { glass: CredentialId, subject: Subject, hosts: HostPattern, reason: Reason, until: Instant },
    'a subject with the role break-glass acts alone for a while',
  ),
  BreakGlassReviewed: closedObject(
    { glass: CredentialId, finding: Reason },
    'somebody else has looked at what was done then',
  ),
};
