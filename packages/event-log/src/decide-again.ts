/** The ordinary answer to a conflict of writers. */
import { WrongExpectedRevision } from './errors.ts';

/** As often as others append between reading and appending; beyond it, something else is wrong. */
const MAX_ATTEMPTS = 100;

/** Reads, decides and appends; does all of it again when another append came between. Throws what the last attempt threw. */
export async function decideAgain<T>(
  attempt: () => Promise<T>,
  isRace: (error: unknown) => boolean = (error) => error instanceof WrongExpectedRevision,
): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isRace(error) || count === MAX_ATTEMPTS) throw error;
    }
  }
}
