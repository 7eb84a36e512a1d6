/** Who may do what: asking, binding roles, tokens, keys, sessions, break glass. */
import {
  CredentialId,
  FourEyesRule,
  HostName,
  HostPattern,
  ProgramName,
  Reason,
  Role,
  Subject,
  VERBS,
  Verb,
} from '@apledger/events';
import Type, { type Static } from 'typebox';
import { atMoment } from './moment.ts';
import { closed, type Immutable, operation } from './operation.ts';

const Until = Type.Union([Type.String(), Type.Null()], {
  description: 'RFC 3339; null = until it is taken away',
});
const Note = Type.String({ minLength: 1, maxLength: 255 });
/** `https://idp.example#anna`; without a # of the one provider that is configured. */
const SubjectText = Type.String({
  minLength: 1,
  maxLength: 770,
  description:
    'issuer#name: https://idp.example#anna, x509#urn:agent:1, apledger#nightly; without a # a subject of the configured provider',
});
/** Ends of a validity as people write them. */
const UntilText = Type.String({
  minLength: 2,
  maxLength: 40,
  description: 'for how long, like 30m, 8h, 90d; or until when, RFC 3339',
});
const Allowed = Type.Object(
  Object.fromEntries(VERBS.map((verb) => [verb, Type.Array(HostPattern)])) as Record<
    Verb,
    ReturnType<typeof Type.Array<typeof HostPattern>>
  >,
  { description: 'by verb, the patterns of the hosts on which it is allowed' },
);

const whoAmI = operation({
  name: 'who-am-i',
  summary: 'Who the asker is to this ledger, and what he may do.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'GET', path: '/access/me' },
  request: Type.Object({}, closed),
  reply: Type.Object({
    isControlled: Type.Boolean({ description: 'false: anyone who reaches this ledger may do everything' }),
    subject: Type.Union([Subject, Type.Null()]),
    name: Type.Union([Type.String(), Type.Null()], { description: 'as the issuer shows it to people' }),
    method: Type.Union([Type.String(), Type.Null()], { description: 'oidc, token, mtls or key' }),
    session: Type.Union([Type.String(), Type.Null()]),
    until: Until,
    roles: Type.Array(Type.Object({ role: Role, hosts: HostPattern, until: Until })),
    allowed: Allowed,
    rules: Type.Array(FourEyesRule, {
      description: 'which changes need a second person; the strictest counts',
    }),
  }),
});
export type WhoAmI = Immutable<Static<(typeof whoAmI)['reply']>>;

const whoCan = operation({
  name: 'who-can',
  summary: 'Who may do something on a host, now or as of any moment, and by which role.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'GET', path: '/access/who-can' },
  request: Type.Object({ verb: Verb, host: Type.Optional(HostName), ...atMoment }, closed),
  reply: Type.Object({
    verb: Verb,
    host: Type.Union([HostName, Type.Null()]),
    at: Type.String({ description: 'RFC 3339 in UTC' }),
    subjects: Type.Array(
      Type.Object({
        subject: Subject,
        roles: Type.Array(Role),
        until: Type.Union([Type.String(), Type.Null()], {
          description: 'when the first of these roles ends',
        }),
      }),
    ),
    fourEyes: Type.String({ description: 'what needs a second person there: none, grants, all' }),
  }),
});
export type WhoCan = Immutable<Static<(typeof whoCan)['reply']>>;

const Binding = Type.Object({ subject: Subject, role: Role, hosts: HostPattern, until: Until });
const bindings = operation({
  name: 'bindings',
  summary: 'Every role that is bound to somebody.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'GET', path: '/access/bindings' },
  request: Type.Object({}, closed),
  reply: Type.Object({ bindings: Type.Array(Binding) }),
});

const bindRole = operation({
  name: 'bind-role',
  summary: 'Gives a subject a role on hosts.',
  scope: 'log',
  verb: 'administer',
  http: { method: 'POST', path: '/access/bindings' },
  request: Type.Object(
    {
      subject: SubjectText,
      role: Role,
      hosts: HostPattern,
      until: Type.Optional(UntilText),
      reason: Type.Optional(Note),
    },
    closed,
  ),
  reply: Binding,
});

const unbindRole = operation({
  name: 'unbind-role',
  summary: 'Takes a role from a subject.',
  scope: 'log',
  verb: 'administer',
  http: { method: 'POST', path: '/access/unbind' },
  request: Type.Object(
    { subject: SubjectText, role: Role, hosts: HostPattern, reason: Type.Optional(Note) },
    closed,
  ),
  reply: Type.Object({ subject: Subject, role: Role, hosts: HostPattern }),
});

const CredentialView = Type.Object({
  id: CredentialId,
  kind: Type.Enum(['token', 'session', 'key']),
  subject: Subject,
  hosts: HostPattern,
  note: Type.Union([Type.String(), Type.Null()]),
  from: Type.String(),
  until: Type.String(),
  madeBy: Type.Union([Subject, Type.Null()], { description: 'null = who has the log itself' }),
  standing: Type.Enum(['valid', 'expired', 'revoked']),
});
const credentials = operation({
  name: 'credentials',
  summary: "Tokens, keys and sessions: of everybody for who administers access or audits, else one's own.",
  scope: 'log',
  checked: 'itself',
  http: { method: 'GET', path: '/access/credentials' },
  request: Type.Object({}, closed),
  reply: Type.Object({ credentials: Type.Array(CredentialView) }),
});
export type CredentialView = Immutable<Static<typeof CredentialView>>;

const issueToken = operation({
  name: 'issue-token',
  summary: 'Makes a token for a program, or for oneself. Its secret is in this answer and nowhere else.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'POST', path: '/access/tokens' },
  request: Type.Object(
    {
      program: Type.Optional(
        Type.Unsafe<string>({
          ...ProgramName,
          description: 'the token is for this program, not for the asker',
        }),
      ),
      hosts: Type.Optional(HostPattern),
      until: UntilText,
      note: Type.Optional(Note),
    },
    closed,
  ),
  reply: Type.Object({
    token: CredentialId,
    secret: Type.String(),
    subject: Subject,
    hosts: HostPattern,
    until: Type.String(),
  }),
});

const registerKey = operation({
  name: 'register-key',
  summary: 'Registers the Ed25519 key with which a program signs its requests on NATS.',
  scope: 'log',
  verb: 'administer',
  http: { method: 'POST', path: '/access/keys' },
  request: Type.Object(
    {
      program: ProgramName,
      publicKey: Type.String({ minLength: 40, maxLength: 200, description: 'base64url, or PEM in one line' }),
      hosts: Type.Optional(HostPattern),
      until: UntilText,
    },
    closed,
  ),
  reply: Type.Object({ key: CredentialId, subject: Subject, hosts: HostPattern, until: Type.String() }),
});

const revoke = operation({
  name: 'revoke',
  summary: 'Ends a token, a key or a session at once.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'POST', path: '/access/credentials/{id}/revoke' },
  request: Type.Object({ id: CredentialId, reason: Type.Optional(Note) }, closed),
  reply: Type.Object({ id: CredentialId, kind: Type.Enum(['token', 'session', 'key']) }),
});

const GlassView = Type.Object({
  glass: CredentialId,
  subject: Subject,
  hosts: HostPattern,
  reason: Type.String(),
  from: Type.String(),
  until: Type.String(),
  isReviewed: Type.Boolean(),
});
const breakGlass = operation({
  name: 'break-glass',
  summary: 'Lets the asker act alone for at most 4 hours, where the role break-glass was bound before.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'POST', path: '/access/break-glass' },
  request: Type.Object({ hosts: HostPattern, reason: Reason, for: Type.Optional(UntilText) }, closed),
  reply: GlassView,
});
const glasses = operation({
  name: 'glasses',
  summary: 'Every use of break glass, and whether it was reviewed.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'GET', path: '/access/break-glass' },
  request: Type.Object({}, closed),
  reply: Type.Object({ glasses: Type.Array(GlassView) }),
});
const reviewGlass = operation({
  name: 'review-break-glass',
  summary: 'Says what a look at a use of break glass has found; somebody else than its user does.',
  scope: 'log',
  checked: 'itself',
  http: { method: 'POST', path: '/access/break-glass/{glass}/review' },
  request: Type.Object({ glass: CredentialId, finding: Reason }, closed),
  reply: GlassView,
});
export type GlassView = Immutable<Static<typeof GlassView>>;

export const accessOperations = {
  whoAmI,
  whoCan,
  bindings,
  bindRole,
  unbindRole,
  credentials,
  issueToken,
  registerKey,
  revoke,
  breakGlass,
  glasses,
  reviewGlass,
};
