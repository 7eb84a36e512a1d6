/**
 * The port: what every event log does, whatever stores it.
 *
 * A *commit* is what one command caused: its facts, appended together or not at all. A *stream* holds the
 * commits of one host, or of the ledger itself; revisions count its facts from 0. Positions order the facts of all streams: they grow,
 * need not be contiguous, and the first is 1 or more. The log knows no domain: `data` is any JSON object, and
 * `packed` is whatever cheaper form the reader's fold wants to get back.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** One fact as the command side hands it over. */
export interface NewFact {
  readonly type: string;
  /** Version of the type's schema, from 1. */
  readonly version: number;
  /** When it happened, RFC 3339 in UTC with milliseconds. */
  readonly occurredAt: string;
  readonly data: JsonObject;
  /** The fact in the compact form that projections fold (may be empty). */
  readonly packed: Uint8Array;
}

/** Who gave a command, as the service found out. */
export type Auth = {
  /** How it was found out: `oidc`, `token`, `mtls`. */
  readonly method: string;
  readonly issuer?: string;
  readonly subject: string;
  readonly session?: string;
};

/** What a command was, for who gives another one under its id. */
export type CommandMark = {
  readonly type: string;
  /** Base64url SHA-256 of the command's canonical JSON. */
  readonly digest: string;
};

/** The facts of one command. */
export interface Commit {
  readonly stream: string;
  /** Where the writer believes the stream ends: the last fact's revision, `none` = no such stream yet, `any` = don't check. */
  readonly expected: number | 'none' | 'any';
  /**
   * UUID of the command; appending the same command to the same stream twice returns the first result. Any version
   * will do; version 7 keeps a log's index of commands dense, so appending under load costs half of version 4.
   */
  readonly commandId: string;
  readonly actor: string;
  readonly auth?: Auth;
  /** The actor that the client itself named, which is no identity. */
  readonly claimed?: string;
  readonly command?: CommandMark;
  readonly correlation: string;
  readonly facts: readonly NewFact[];
}

/** One fact as the log recorded it. */
export interface RecordedFact {
  /** UUIDv5 of the command's id and the fact's index in the commit. */
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly type: string;
  readonly version: number;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly actor: string;
  readonly auth?: Auth;
  readonly claimed?: string;
  /** What the clock of the writing process read, RFC 3339 in UTC with milliseconds; older facts have none. */
  readonly clock?: string;
  /** The command that caused it; only with the first fact of a commit. */
  readonly command?: CommandMark;
  /** Revision at which time last ran backwards in the stream, since a clock had jumped; absent where it never did. */
  readonly jump?: number;
  /** Id of the command that caused it. */
  readonly cause: string;
  readonly correlation: string;
  readonly data: JsonObject;
  /** Hex SHA-256 over the hash before it in the stream and the canonical JSON of this envelope without hash and position. */
  readonly hash: string;
}

export interface Appended {
  readonly firstRevision: number;
  readonly lastRevision: number;
  readonly lastPosition: number;
  /** True when this command had been appended before: nothing was written now. */
  readonly duplicate: boolean;
  /** What the log was written at before, when the clock of this process read more than five seconds less. */
  readonly behind?: { readonly before: string; readonly after: string };
}

/** A run of packed facts in log order, for folds that need no JSON. Decode with `packedFacts(page)`. */
export interface PackedPage {
  /** Frames, one a fact; see packed.ts for their layout. */
  readonly bytes: Uint8Array;
  /** Name of the stream that a frame's stream number stands for. */
  readonly streamName: (number: number) => string;
  readonly lastPosition: number;
}

/**
 * A moment of a stream: by revision, by global position (the last fact at or before it) or by time, RFC 3339 in UTC with
 * milliseconds.
 */
export type Moment =
  | { readonly revision: number }
  | { readonly position: number }
  | { readonly time: string };

export interface Head {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly hash: string;
  /** occurredAt of the stream's last fact. */
  readonly occurredAt: string;
}

/** What a catch-up subscription yields: facts, and once `caught-up` when history is exhausted and live begins. */
export type Delivery = { readonly fact: RecordedFact } | { readonly caughtUp: number };

export interface EventLog {
  /** True where `recordedAt` never runs backwards in the order of positions, over all streams, unless a clock jumped. */
  readonly recordsInOrder?: boolean;
  /** Appends atomically and durably. Throws `WrongExpectedRevision`, or `LogError` when the store cannot take it. */
  append(commit: Commit): Promise<Appended>;
  /**
   * Throws LogError when an append would fail now, as far as that can be found out without one: `locked`, `disk-full`,
   * `io`, `unreachable`. Records nothing.
   */
  checkWritable(): Promise<void>;
  /** The facts that a command already caused in a stream, oldest first; empty when it never was appended. */
  readCommand(stream: string, commandId: string): Promise<readonly RecordedFact[]>;
  /**
   * Another stream than this one to which the command was appended; undefined when none is known. A log of servers reads
   * itself once for it (command-places.ts) and knows the newest million of its commands.
   */
  commandElsewhere(stream: string, commandId: string): Promise<string | undefined>;
  readStream(
    stream: string,
    range?: { readonly from?: number; readonly to?: number },
  ): AsyncIterable<RecordedFact>;
  /** Every fact after `after` (default 0) up to and including `upTo`, in position order, with constant memory. */
  readAll(range?: { readonly after?: number; readonly upTo?: number }): AsyncIterable<RecordedFact>;
  /** As readAll, but as packed pages; with `stream`, only that stream's facts, by revision from..to inclusive. */
  readPacked(
    range?:
      | { readonly after?: number; readonly upTo?: number }
      | { readonly stream: string; readonly from?: number; readonly to?: number },
  ): AsyncIterable<PackedPage>;
  /**
   * Revision of the stream's last fact at or before the moment; -1 when the stream had none then. For a time, the last
   * that was certainly there then: `standingAt` of moment.ts says also which may have been.
   */
  revisionAt(stream: string, moment: Moment): Promise<number>;
  /** Heads of all streams, sorted by name. */
  heads(): Promise<readonly Head[]>;
  head(stream: string): Promise<Head | undefined>;
  /** Position of the last fact of the log, 0 when empty. */
  lastPosition(): Promise<number>;
  /** From history after `after` into the live tail, without gap or duplicate, also for facts of other processes. Ends on abort. */
  subscribe(options: { readonly after: number; readonly signal: AbortSignal }): AsyncIterable<Delivery>;
  close(): Promise<void>;
}
