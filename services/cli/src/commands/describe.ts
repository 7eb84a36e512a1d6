/** Facts in words, as the command line prints them. */
import type { RecordedFact } from '@apledger/event-log';
import type { Fact } from '@apledger/events';
import { describeFact, describeRecorded as wordsOf } from '@apledger/projections/host';

/** A fact of the log in one line, its type included. A fact from a newer apledger is named, not described. */
export const describeRecorded = (fact: RecordedFact): string => withType(fact.type, wordsOf(fact));

/** A fact in one line, its type included. */
export const describe = (fact: Fact): string => withType(fact.type, describeFact(fact));

const withType = (type: string, words: string): string => (words === '' ? type : `${type}: ${words}`);
