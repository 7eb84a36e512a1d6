/** Recorded facts in words. */
import type { RecordedFact } from '@apledger/event-log';
import { parseFact, UnknownFact } from '@apledger/events';
import { describeFact } from '@apledger/projections/host';

/** A fact of the log in one line, its type included. A fact from a newer apledger is named, not described. */
export function describeRecorded({ type, version, data }: RecordedFact): string {
  try {
    const words = describeFact(parseFact(type, version, data));
    return words === '' ? type : `${type}: ${words}`;
  } catch (error) {
    if (error instanceof UnknownFact) return `${type}: ${error.message}`;
    throw error;
  }
}
