/** The ids under which the ledger records what comes from agents. */
import { v5 as uuidv5 } from 'uuid';

/** A constant of this project: ids of other things never meet those of commits. */
const NAMESPACE = '5d1f0a3e-6c0e-4a43-9c55-0a3b8f6c2e71';

/**
 * Of a commit: the same for the same one, on every machine and for ever, so that a commit which is sent again is recorded once.
 * Sequence 0 is the beginning of the epoch.
 */
export const observationId = (host: string, epoch: number, sequence: number): string =>
  uuidv5(`${host}/${epoch}/${sequence}`, NAMESPACE);

/** Of the fact that an agent was fenced: it is recorded once for each pair of them. */
export const fencedId = (host: string, agent: string, epoch: number, by: number): string =>
  uuidv5(`${host}/${agent}/${epoch}/fenced by ${by}`, NAMESPACE);
