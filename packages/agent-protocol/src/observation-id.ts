/** The id under which the ledger records a commit of an agent. */
import { v5 as uuidv5 } from 'uuid';

/** A constant of this project: ids of other things never meet those of commits. */
const NAMESPACE = '5d1f0a3e-6c0e-4a43-9c55-0a3b8f6c2e71';

/** The same for the same commit, on every machine and for ever: so a commit that is sent again is recorded once. */
export const observationId = (host: string, epoch: number, sequence: number): string =>
  uuidv5(`${host}/${epoch}/${sequence}`, NAMESPACE);
