/** SHA-256 and the two kinds of nodes of RFC 6962, section 2.1. */
import { type Bytes, concat, utf8 } from './bytes.ts';

export const HASH_BYTES = 32;
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const sha256 = async (bytes: Bytes): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

/** Hash of an entry of the log. */
export const leafHash = (entry: Uint8Array): Promise<Bytes> => sha256(concat(LEAF, entry));

/** Hash of two subtrees. */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Promise<Bytes> =>
  sha256(concat(NODE, left, right));

/** Root of the tree without leaves. */
export const emptyRoot = (): Promise<Bytes> => sha256(utf8(''));
