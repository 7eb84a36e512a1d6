/**
 * The leaf of a fact: its place, and the hash that seals it and every fact before it in its stream.
 *
 * The fact itself is not in the leaf, since an entry of a C2SP log ends at 65,535 bytes and a fact may have more.
 */
import { EvidenceError } from './error.ts';

const FORM = 'apledger.leaf/v1';

/** What a leaf says of a fact. */
export interface Leaf {
  readonly stream: string;
  readonly revision: number;
  /** Hex SHA-256 over the hash before it in the stream and the fact's canonical JSON. */
  readonly hash: string;
}

/** The entry of the log. Throws EvidenceError for a stream whose name cannot stand in a line. */
export function leafText({ stream, revision, hash }: Leaf): string {
  if (stream.includes('\n'))
    throw new EvidenceError(`the name of stream ${JSON.stringify(stream)} has a line feed`);
  return `${FORM}\n${stream}\n${revision}\n${hash}\n`;
}
