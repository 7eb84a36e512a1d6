/** Any error as the problem that the asker hears of. */
import { Problem } from '@apledger/api';
import { LogError, type LogErrorCode } from '@apledger/event-log';
import { InvalidFact, UnknownFact } from '@apledger/events';
import { EvidenceError } from '@apledger/evidence';
import { ImpossibleFact } from '@apledger/host';
import { CacheUnusable, CannotFold } from '@apledger/projections';

/** Faults of the log that are about what is stored, not about whether it can be reached. */
const UNREADABLE: ReadonlySet<LogErrorCode> = new Set([
  'corrupted',
  'missing',
  'newer-version',
  'not-a-log',
  'other-configuration',
]);

/** For others than the operator: what a store reports may tell paths and addresses. */
const IN_WORDS: Readonly<Partial<Record<LogErrorCode, string>>> = {
  corrupted: 'What the log has stored cannot have been written so.',
  'disk-full': 'The disk of the log is full; nothing of this command was kept.',
  locked: 'Another process holds the log.',
  'read-only': 'The log cannot be written.',
  'too-large': 'The command is too large for the log.',
  overloaded: 'Too many commands wait for the log.',
  unreachable: 'The log does not answer; it is not known whether a command was recorded.',
  closed: 'The log was closed: the service is stopping.',
};

/** What nobody foresaw says nothing of the inside. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof LogError) {
    const status = error.code === 'too-large' ? 413 : UNREADABLE.has(error.code) ? 500 : 503;
    const words = IN_WORDS[error.code] ?? 'The log cannot be used.';
    const detail = `${words} The service's own output says more.`;
    return new Problem(status, `log-${error.code}`, detail, {}, error);
  }
  if (error instanceof EvidenceError) return new Problem(500, 'no-evidence', error.message, {}, error);
  if (
    error instanceof CannotFold ||
    error instanceof InvalidFact ||
    error instanceof UnknownFact ||
    error instanceof ImpossibleFact
  )
    return new Problem(500, 'unreadable-log', error.message, {}, error);
  if (error instanceof CacheUnusable)
    return new Problem(
      503,
      'cache-unusable',
      'The read model cannot be written; the service says why.',
      {},
      error,
    );
  return new Problem(
    500,
    'internal',
    "The ledger failed in a way that nobody foresaw; its own output says more. The log is as it was, or has the command's facts: ask again with the same command id.",
    {},
    error,
  );
}
