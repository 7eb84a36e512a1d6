/** What the threads say to each other. Every question has a number of its own. */
import type { OperationName, Problem, ProblemCode, ProblemDetails, ReportFormat } from '@apledger/api';
import type { Place } from '@apledger/ledger';

/** Given to the thread when it begins. */
export interface ThreadData {
  readonly place: Place;
}

export type ToThread =
  | {
      readonly ask: number;
      readonly name: OperationName;
      readonly request: object;
      readonly maxReplyBytes: number;
    }
  | { readonly report: number; readonly request: object; readonly format: ReportFormat }
  /** The next piece of a report is wanted. */
  | { readonly next: number }
  /** Nobody wants the rest of a report. */
  | { readonly stop: number };

/** A problem crosses as its parts: classes do not survive. */
export interface ProblemParts {
  readonly status: number;
  readonly code: ProblemCode;
  readonly message: string;
  readonly details: ProblemDetails;
  /** Of what nobody foresaw. */
  readonly stack?: string | undefined;
}

export type FromThread =
  | { readonly reply: number; readonly json: Uint8Array }
  /** Without a piece: that was all. */
  | { readonly piece: number; readonly bytes?: Uint8Array }
  /** A line for the operator. */
  | { readonly report: string }
  | { readonly failed: number; readonly problem: ProblemParts };

/** A problem as threads can hand it over; of a defect with its stack, for the log. */
export const partsOf = ({ status, code, message, details, cause }: Problem): ProblemParts => ({
  status,
  code,
  message,
  details,
  ...(code === 'internal' && { stack: cause instanceof Error ? cause.stack : String(cause) }),
});
