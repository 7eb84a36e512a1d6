/** What goes between the agent and its writer: one request, one answer, a line of JSON each. */

export interface WriteRequest {
  /** Below the root of sysfs. */
  readonly file: string;
  readonly text: string;
  readonly timeoutMs: number;
}

export type WriteAnswer = WriteOutcome & {
  /** Processes that held the lock and wrote, as auditd and the lock name them. */
  readonly pids?: readonly number[];
};

export type WriteOutcome =
  /** write(2) returned. */
  | { readonly outcome: 'written'; readonly bytes: number }
  /** write(2), or open(2), failed. */
  | { readonly outcome: 'failed'; readonly errno: string }
  /** Nothing was written, and nothing will be. */
  | { readonly outcome: 'not-begun'; readonly reason: string }
  /** It may be written, or may still be. */
  | { readonly outcome: 'unknown'; readonly reason: string };

/** Carries out one write(2), as far as anybody can know. Never throws. */
export interface Writer {
  write(request: WriteRequest): Promise<WriteAnswer>;
}
