/** Any error as the problem that the asker hears of. */
import { Problem } from '@apledger/api';
import { LogError, type LogErrorCode } from '@apledger/event-log';
import { InvalidFact, UnknownFact } from '@apledger/events';
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

/** What nobody foresaw says nothing of the inside. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof LogError) {
    const status = error.code === 'too-large' ? 413 : UNREADABLE.has(error.code) ? 500 : 503;
    return new Problem(status, `log-${error.code}`, error.message, {}, error);
  }
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
