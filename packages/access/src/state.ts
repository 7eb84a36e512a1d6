/** The stream `access` folded: who is bound to what, and which credentials stand. */
import { type FourEyesRule, type LedgerFact, type Role, type Subject, subjectText } from '@apledger/events';

export interface Binding {
  readonly subject: Subject;
  readonly role: Role;
  readonly hosts: string;
  /** RFC 3339; null = until it is taken away. */
  readonly until: string | null;
}

/** What somebody proves with who he is. */
export interface Credential {
  readonly kind: 'token' | 'session' | 'key';
  readonly id: string;
  /** SHA-256 of the secret, or the public key itself. */
  readonly proof: string;
  readonly subject: Subject;
  readonly hosts: string;
  readonly until: string;
  readonly name: string | undefined;
  /** Who made it and so has seen its secret; for a session, the subject. */
  readonly madeBy: Subject | undefined;
  readonly madeAt: string;
  isRevoked: boolean;
}

export interface BreakGlass {
  readonly id: string;
  readonly subject: Subject;
  readonly hosts: string;
  readonly reason: string;
  readonly from: string;
  readonly until: string;
  isReviewed: boolean;
}

/** A fact and the parts of its envelope that count here. */
export interface RecordedAccess {
  readonly fact: LedgerFact;
  /** Who did it, as the service found out; undefined for who writes to the log itself. */
  readonly by: Subject | undefined;
  readonly occurredAt: string;
}

const NO_BINDINGS: ReadonlyMap<string, Binding> = new Map();

export class AccessState {
  /** Of the last fact that was folded. */
  revision = -1;
  configuration: { readonly hash: string; readonly issuers: readonly string[] } = { hash: '', issuers: [] };
  rules: readonly FourEyesRule[] = [];
  binders: readonly Subject[] = [];
  /** By the subject's text, then by role and pattern. */
  readonly bindings = new Map<string, Map<string, Binding>>();
  readonly credentials = new Map<string, Credential>();
  /** By their proof. */
  readonly proofs = new Map<string, Credential>();
  /** Hashes of ID tokens that were used. */
  readonly used = new Set<string>();
  readonly glasses = new Map<string, BreakGlass>();

  bindingsOf(subject: Subject): Iterable<Binding> {
    return (this.bindings.get(subjectText(subject)) ?? NO_BINDINGS).values();
  }
}

/** Changes the state by one more fact of the stream. Facts that change no right change nothing. */
export function foldAccess(state: AccessState, { fact, by, occurredAt }: RecordedAccess): void {
  switch (fact.type) {
    case 'AccessConfigured': {
      const { hash, issuers, rules, binders } = fact.data;
      state.configuration = { hash, issuers };
      state.rules = rules;
      state.binders = binders;
      return;
    }
    case 'RoleBound':
      bind(state, fact.data);
      return;
    case 'RoleUnbound': {
      const { subject, role, hosts } = fact.data;
      state.bindings.get(subjectText(subject))?.delete(`${role} ${hosts}`);
      return;
    }
    case 'TokenIssued': {
      const { token: id, hash: proof, note: name, ...rest } = fact.data;
      add(state, {
        kind: 'token',
        id,
        proof,
        name,
        ...rest,
        madeBy: by,
        madeAt: occurredAt,
        isRevoked: false,
      });
      return;
    }
    case 'KeyRegistered': {
      const { key: id, publicKey: proof, ...rest } = fact.data;
      add(state, {
        kind: 'key',
        id,
        proof,
        name: undefined,
        ...rest,
        madeBy: by,
        madeAt: occurredAt,
        isRevoked: false,
      });
      return;
    }
    case 'SessionOpened': {
      const { session: id, hash, proof: used, name, subject, until } = fact.data;
      const session = { kind: 'session', id, proof: hash, subject, until, name, hosts: '*' } as const;
      add(state, { ...session, madeBy: subject, madeAt: occurredAt, isRevoked: false });
      if (used !== undefined) state.used.add(used);
      return;
    }
    case 'TokenRevoked':
      revoke(state, fact.data.token);
      return;
    case 'KeyRevoked':
      revoke(state, fact.data.key);
      return;
    case 'SessionEnded':
      revoke(state, fact.data.session);
      return;
    case 'BreakGlassOpened': {
      const { glass: id, ...rest } = fact.data;
      state.glasses.set(id, { id, ...rest, from: occurredAt, isReviewed: false });
      return;
    }
    case 'BreakGlassReviewed': {
      const glass = state.glasses.get(fact.data.glass);
      if (glass !== undefined) glass.isReviewed = true;
      return;
    }
    default:
  }
}

function bind(state: AccessState, { subject, role, hosts, until }: Binding): void {
  const key = subjectText(subject);
  const bound = state.bindings.get(key) ?? new Map<string, Binding>();
  bound.set(`${role} ${hosts}`, { subject, role, hosts, until });
  state.bindings.set(key, bound);
}

function add(state: AccessState, credential: Credential): void {
  state.credentials.set(credential.id, credential);
  state.proofs.set(credential.proof, credential);
}

function revoke(state: AccessState, id: string): void {
  const credential = state.credentials.get(id);
  if (credential !== undefined) credential.isRevoked = true;
}
