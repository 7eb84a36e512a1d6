/**
 * Where facts are published: one subject a fact, always of the same number of tokens, so that `*` can stand for any of them.
 *
 *     apledger.v1.host.<host>.<kind>.<id>.<guest>.<Type>
 *
 *     kind    id                            what it is about
 *     bus     -                             the host, its bus, its masks
 *     card    APID, two hex digits          an adapter
 *     queue   05-0047, or - for a list      queues; a fact that names a list of queues names none in its subject
 *     mdev    its UUID                      a mediated device: its matrix, its guest, what was refused to it
 *
 * A fact about the ledger itself, which is of no host, is on `apledger.v1.ledger.<stream>.<Type>`.
 *
 * `guest` is who has the mdev open when the fact happens, `-` for nobody. The fact itself rarely says so: `Attachments` follows who it
 * is. What stands between the dots is encoded as in a URL, because a token may hold no dot, no space and no wildcard.
 */

import { formatApid, parseApqn, parseCard } from '@apledger/ap';
import { isUuid } from '@apledger/events';

/** Below it a ledger service is asked and given commands over NATS (docs/nats-service.md). */
export const SERVICE_ROOT = 'apledger.v1.svc';

const ROOT = 'apledger.v1';
const HOSTS = `${ROOT}.host`;
const LEDGER = `${ROOT}.ledger`;
const NOT_PUBLISHED = `${ROOT}.dead.fact`;
const UNREADABLE = `${ROOT}.dead.message`;
const NOTHING = '-';
const ANY = '*';

/** The JetStream stream of the facts, unless told otherwise. */
export const STREAM_NAME = 'APLEDGER';
/** What a stream has to capture to hold every fact, and a letter for each that could not be published. */
export const PUBLISHED_SUBJECTS: readonly string[] = [`${HOSTS}.>`, `${LEDGER}.>`, `${NOT_PUBLISHED}.>`];

export type EntityKind = 'bus' | 'card' | 'queue' | 'mdev';

/** What a fact is about. */
export interface Entity {
  readonly kind: EntityKind;
  /** Empty when there is one of the kind only, or the fact is about several. */
  readonly id: string;
}

/** The parts of a fact's subject, decoded. */
export interface SubjectParts extends Entity {
  readonly host: string;
  /** Who has the mdev open, `undefined` for nobody or nobody known. */
  readonly guest: string | undefined;
  readonly type: string;
}

/** Which facts are wanted; what is left out may be anything. */
export interface SubjectFilter {
  readonly host?: string | undefined;
  readonly mdev?: string | undefined;
  readonly guest?: string | undefined;
  readonly type?: string | undefined;
}

const KINDS: ReadonlySet<string> = new Set<EntityKind>(['bus', 'card', 'queue', 'mdev']);
const BUS: Entity = { kind: 'bus', id: '' };
const QUEUES: Entity = { kind: 'queue', id: '' };

/** A name as one token; `-`, which stands for nothing, becomes `%2D`. */
export function encodeToken(name: string): string {
  if (name === '') return NOTHING;
  if (name === NOTHING) return '%2D';
  return encodeURIComponent(name.toWellFormed()).replaceAll('.', '%2E').replaceAll('*', '%2A');
}

/** The name that a token stands for; undefined when no name is encoded so. */
export function decodeToken(token: string): string | undefined {
  if (token === NOTHING) return '';
  try {
    const name = decodeURIComponent(token);
    return encodeToken(name) === token ? name : undefined;
  } catch {
    return undefined;
  }
}

/** What the fact is about, from its data; also for types that this apledger does not know. */
export function entityOf(type: string, data: { readonly [key: string]: unknown }): Entity {
  const mdev = isAboutCommand(type) ? property(data.command, 'mdev') : data.mdev;
  if (typeof mdev === 'string' && isUuid(mdev)) return { kind: 'mdev', id: mdev };
  if (isAboutCommand(type)) return BUS;
  if (typeof data.adapter === 'number') return { kind: 'card', id: formatApid(data.adapter) };
  const device = data.device ?? data.queue;
  if (typeof device === 'string') return deviceEntity(device);
  return Array.isArray(data.queues) ? QUEUES : BUS;
}

/** Facts that carry a command and change nothing: they are about what the command is about. */
export const isAboutCommand = (type: string): boolean =>
  type === 'CommandRejected' || type === 'CommandHadNoEffect' || type === 'CommandRequested';

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

function deviceEntity(device: string): Entity {
  const card = parseCard(device);
  if (card !== undefined) return { kind: 'card', id: formatApid(card) };
  return parseApqn(device) === undefined ? BUS : { kind: 'queue', id: device.replace('.', '-') };
}

/** The subject of a fact. `host` and `type` may not be empty. */
export function subjectOf({ host, kind, id, guest, type }: SubjectParts): string {
  const tokens = [host, kind, id, guest ?? '', type].map(encodeToken);
  return `${HOSTS}.${tokens.join('.')}`;
}

/** The subject of a fact about the ledger. Neither may be empty. */
export const ledgerSubjectOf = (stream: string, type: string): string =>
  `${LEDGER}.${encodeToken(stream)}.${encodeToken(type)}`;

/** Stream and type of a fact about the ledger, from its subject; undefined for any other. */
export function parseLedgerSubject(
  subject: string,
): { readonly stream: string; readonly type: string } | undefined {
  if (!subject.startsWith(`${LEDGER}.`)) return undefined;
  const [stream, type, ...more] = subject
    .slice(LEDGER.length + 1)
    .split('.')
    .map(decodeToken);
  return stream && type && more.length === 0 ? { stream, type } : undefined;
}

/** The parts of a subject; undefined when it is no fact's of a host. */
export function parseSubject(subject: string): SubjectParts | undefined {
  if (!subject.startsWith(`${HOSTS}.`)) return undefined;
  const tokens = subject.slice(HOSTS.length + 1).split('.');
  const [host, kind, id, guest, type] = tokens.map(decodeToken);
  if (tokens.length !== 5 || host === undefined || host === '' || type === undefined || type === '')
    return undefined;
  if (kind === undefined || !KINDS.has(kind) || id === undefined || guest === undefined) return undefined;
  return { host, kind: kind as EntityKind, id, guest: guest === '' ? undefined : guest, type };
}

/** The subject to subscribe to for these facts: no more than they, and no less. Without any filter, also for what is malformed. */
export function subjectFilter({ host, mdev, guest, type }: SubjectFilter): string {
  if ([host, mdev, guest, type].every((part) => part === undefined)) return `${HOSTS}.>`;
  const token = (name: string | undefined): string => (name === undefined ? ANY : encodeToken(name));
  const kind = mdev === undefined ? ANY : 'mdev';
  return `${HOSTS}.${token(host)}.${kind}.${token(mdev)}.${token(guest)}.${token(type)}`;
}

/** Where the relay says that it could not publish a fact, and why: by host, `-` for a stream that is none of a host. */
export const notPublishedSubject = (host: string | undefined): string =>
  `${NOT_PUBLISHED}.${encodeToken(host ?? '')}`;

/** Where a subscriber says that it could not read a message, and why: by the subscription's name. */
export const unreadableSubject = (subscription: string | undefined): string =>
  `${UNREADABLE}.${encodeToken(subscription ?? '')}`;

/**
 * Who has which mdev open: a fold over the facts of all hosts, in the log's order. Two that folded the same facts say the same, so the
 * subject of a fact depends on the log alone.
 */
export class Attachments {
  readonly #guests = new Map<string, string>();

  /** The guest of a fact that is about `entity`, and what the fact changes. */
  follow(
    host: string,
    entity: Entity,
    type: string,
    data: { readonly [key: string]: unknown },
  ): string | undefined {
    if (entity.kind !== 'mdev') return undefined;
    const key = `${host} ${entity.id}`;
    const before = this.#guests.get(key);
    if (type === 'GuestStarted' || type === 'MdevAttached') {
      const guest = typeof data.guest === 'string' && data.guest !== '' ? data.guest : undefined;
      if (guest === undefined) this.#guests.delete(key);
      else this.#guests.set(key, guest);
      return guest;
    }
    if (type === 'GuestStopped' || type === 'MdevDetached' || type === 'MdevRemoved')
      this.#guests.delete(key);
    return before;
  }
}
