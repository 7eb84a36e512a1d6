/** What an operation declares: its schemas, and the address at which each transport carries it. */
import type { CommandType, FactType, LedgerFactType, Verb } from '@apledger/events';
import Type, { type Static, type TObject, type TSchema } from 'typebox';

/** What a schema describes, never written to. Facts and commands are the types of packages/events. */
export type Immutable<T> = T extends { readonly type: FactType | CommandType | LedgerFactType }
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Immutable<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Immutable<T[Key]> }
      : T;

/** One question or order, the same on every transport. */
export interface Operation {
  readonly name: string;
  /** One sentence, for documents and discovery. */
  readonly summary: string;
  /** `host`: it is about one host, which the address names and the request schema does not. */
  readonly scope: 'host' | 'log';
  /** What the asker needs, where access is controlled: on the host or hosts that the request names, else on the ledger as a whole. Default: read. */
  readonly verb?: Verb;
  /** Where it is otherwise: `visible` = of what the asker may read, and no more; `itself` = the answer checks what it takes. */
  readonly checked?: 'visible' | 'itself';
  readonly request: TObject;
  readonly reply: TSchema;
  /** Bytes of the request, at most, where it may be longer than others. */
  readonly maxRequestBytes?: number;
  readonly http?: {
    readonly method: 'GET' | 'POST';
    /** Below /api/v1, with `{name}` for what varies. GET puts the rest into the query string, POST into the body. */
    readonly path: string;
    /** The revision of the reply is its version. */
    readonly hasETag?: true;
  };
  /** It changes nothing, although HTTP asks it with POST. */
  readonly isQuestion?: true;
  /** On NATS, where it is not what `subjectOf` makes of the name; `null` = another operation takes its place there. */
  readonly subject?: string | null;
}

/**
 * Where NATS carries an operation, below `apledger.v1.svc.query`; `*` stands for the host. Undefined for what is not asked there: what
 * changes something. So every question of HTTP is one of NATS too.
 */
export function subjectOf({ name, scope, subject, isQuestion, http }: Operation): string | undefined {
  if (subject !== undefined) return subject ?? undefined;
  if (http?.method !== 'GET' && isQuestion !== true) return undefined;
  return scope === 'host' ? `${name}.*` : name;
}

/** What an operation is asked with. */
export type RequestTo<O extends Operation> = Immutable<Static<O['request']>> &
  (O['scope'] extends 'host' ? { readonly host: string } : unknown);

/** What an operation answers. */
export type ReplyOf<O extends Operation> = Immutable<Static<O['reply']>>;

/** Keeps the exact types of a declaration. */
export const operation = <const O extends Operation>(declared: O): O => declared;

/** Requests carry nothing that nobody reads. */
export const closed = { additionalProperties: false } as const;

/** The same, or null; the description says what null stands for. */
export const orNull = <T extends TSchema>(schema: T, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description });
