/** The packed form that a fact must have. */
import type { RecordedFact } from '@apledger/event-log';
import { packRecorded, parseFact } from '@apledger/events';

export const repack = ({ type, version, data }: RecordedFact, stored: Uint8Array): Uint8Array =>
  packRecorded(parseFact(type, version, data), version, stored);
