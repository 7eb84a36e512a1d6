/** Signed notes (c2sp.org/signed-note): a text, and the signatures of those who stand for it. */
import { areEqual, type Bytes, base64Of, concat, fromBase64, hexOf, shortened, utf8 } from './bytes.ts';
import { EvidenceError } from './error.ts';
import { sha256 } from './hash.ts';

const DASH = '\u2014 ';
const KEY_ID_BYTES = 4;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** Of lines with signatures; the specification asks for 16. */
const MAX_SIGNATURES = 64;

/** Kinds of keys: a log's Ed25519 key, and a witness's for cosignatures with a time. */
export const KEY_KINDS = { log: 1, witness: 4 } as const;
export type KeyKind = keyof typeof KEY_KINDS;

/** A public key by which signatures are checked. */
export interface Verifier {
  readonly name: string;
  readonly kind: KeyKind;
  readonly id: Bytes;
  /** 32 bytes of Ed25519, RFC 8032. */
  readonly key: Bytes;
}

export interface NoteSignature {
  readonly name: string;
  readonly id: Bytes;
  readonly signature: Bytes;
}

export interface Note {
  /** With its last line feed: what is signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A name that signature lines can carry. */
export const isKeyName = (name: string): boolean => name !== '' && !/[\s+\p{Cc}\p{Z}]/u.test(name);

/** The verifier of a name and a raw Ed25519 key. Throws EvidenceError. */
export async function verifierOf(name: string, kind: KeyKind, key: Bytes): Promise<Verifier> {
  if (!isKeyName(name))
    throw new EvidenceError(`${shortened(name)} is no name of a key: it has spaces or a plus sign`);
  if (key.length !== KEY_BYTES) throw new EvidenceError(`an Ed25519 key has 32 bytes, not ${key.length}`);
  const hash = await sha256(concat(utf8(`${name}\n`), Uint8Array.of(KEY_KINDS[kind]), key));
  return { name, kind, id: hash.slice(0, KEY_ID_BYTES), key };
}

/** `<name>+<key id>+<base 64>`, as Go's note.NewVerifier and policies take it. */
export const verifierText = ({ name, kind, id, key }: Verifier): string =>
  `${name}+${hexOf(id)}+${base64Of(concat(Uint8Array.of(KEY_KINDS[kind]), key))}`;

/** Reads a verifier key. Throws EvidenceError for one that is not whole, or of a kind that is not known here. */
export async function parseVerifier(text: string): Promise<Verifier> {
  // Base 64 has plus signs, too.
  const [, name, id, key] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(text) ?? [];
  if (name === undefined || id === undefined || key === undefined)
    throw new EvidenceError(`${shortened(text)} is no verifier key: it is written NAME+KEYID+KEY`);
  const bytes = fromBase64(key);
  const kind = (Object.keys(KEY_KINDS) as KeyKind[]).find((each) => KEY_KINDS[each] === bytes[0]);
  if (kind === undefined)
    throw new EvidenceError(
      `the key of ${shortened(name)} has type ${bytes[0]}; known are 1 (log) and 4 (witness)`,
    );
  const verifier = await verifierOf(name, kind, bytes.slice(1));
  if (hexOf(verifier.id) !== id)
    throw new EvidenceError(
      `the key of ${shortened(name)} has id ${hexOf(verifier.id)}, not ${shortened(id)}`,
    );
  return verifier;
}

/** Reads a note; signatures are not checked by that. Throws EvidenceError. */
export function parseNote(note: string): Note {
  const at = note.lastIndexOf('\n\n');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the specification forbids them
  if (at < 0 || !note.endsWith('\n') || /[\u0000-\u0009\u000b-\u001f]/.test(note))
    throw new EvidenceError('it is no signed note: a text, an empty line, and lines with signatures');
  const lines = note.slice(at + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw new EvidenceError(`it has more than ${MAX_SIGNATURES} signatures`);
  return { text: note.slice(0, at + 1), signatures: lines.map(parseSignatureLine) };
}

/** Reads `\u2014 NAME BASE64`. Throws EvidenceError. */
export function parseSignatureLine(line: string): NoteSignature {
  const [name = '', encoded = '', ...more] = line.slice(DASH.length).split(' ');
  if (!line.startsWith(DASH) || more.length > 0 || !isKeyName(name))
    throw new EvidenceError(`${shortened(line)} is no line with a signature`);
  const bytes = fromBase64(encoded);
  if (bytes.length <= KEY_ID_BYTES)
    throw new EvidenceError(`the signature of ${shortened(name)} is too short`);
  return { name, id: bytes.slice(0, KEY_ID_BYTES), signature: bytes.slice(KEY_ID_BYTES) };
}

/** The line of a signature, with its line feed. */
export const signatureLine = ({ name, id, signature }: NoteSignature): string =>
  `${DASH}${name} ${base64Of(concat(id, signature))}\n`;

export const noteText = ({ text, signatures }: Note): string =>
  `${text}\n${signatures.map(signatureLine).join('')}`;

/**
 * When the verifier's key signed this note: seconds since 1970 for a witness, 0 for a log; undefined when it did not.
 * Throws EvidenceError for a signature by that key that is false.
 */
export async function signedBy(note: Note, verifier: Verifier): Promise<number | undefined> {
  for (const { name, id, signature } of note.signatures) {
    if (name !== verifier.name || !areEqual(id, verifier.id)) continue;
    const { message, time, raw } = signedMessage(note.text, verifier.kind, signature);
    if (raw.length === SIGNATURE_BYTES && (await isSigned(verifier.key, message, raw))) return time;
    throw new EvidenceError(`the signature of ${name} is false`);
  }
  return undefined;
}

function signedMessage(text: string, kind: KeyKind, signature: Bytes) {
  if (kind === 'log') return { message: utf8(text), time: 0, raw: signature };
  if (signature.length < TIME_BYTES) throw new EvidenceError('a cosignature is too short to have a time');
  const time = Number(new DataView(signature.buffer, signature.byteOffset).getBigUint64(0));
  return { message: cosignedMessage(text, time), time, raw: signature.slice(TIME_BYTES) };
}

const TIME_BYTES = 8;

/** What a witness signs (c2sp.org/tlog-cosignature, v1); `time` in seconds since 1970. */
export const cosignedMessage = (text: string, time: number): Bytes =>
  utf8(`cosignature/v1\ntime ${time}\n${text}`);

/** The signature of a witness, as it stands in a line. */
export function cosignature(time: number, raw: Uint8Array): Bytes {
  const bytes = new Uint8Array(TIME_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(time));
  return concat(bytes, raw);
}

async function isSigned(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  const imported = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', imported, signature, message);
}
