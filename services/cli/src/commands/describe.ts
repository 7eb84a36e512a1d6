/** Facts in words, as the command line prints them. */
import type { RecordedFact } from '@apledger/event-log';
import { type Fact, parseFact, UnknownFact } from '@apledger/events';
import { describeFact } from '@apledger/projections/host';

/** A fact of the log in one line, its type included. A fact from a newer apledger is named, not described. */
export function describeRecorded({ type, version, data }: RecordedFact): string {
  try {
    return describe(parseFact(type, version, data));
  } catch (error) {
    if (error instanceof UnknownFact) return `${type}: ${error.message}`;
    throw error;
  }
}

/** A fact in one line, its type included. */
export function describe(fact: Fact): string {
  const words = describeFact(fact);
  return words === '' ? fact.type : `${fact.type}: ${words}`;
}
