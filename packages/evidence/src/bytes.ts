/** Bytes as texts, in browsers and in Node alike. */
import { EvidenceError } from './error.ts';

/** Bytes as WebCrypto takes them. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const utf8 = (text: string): Bytes => encoder.encode(text);

/** Throws EvidenceError for bytes that are no UTF-8. */
export function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new EvidenceError('it is not UTF-8');
  }
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export const areEqual = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Standard base 64 with padding, RFC 4648 section 4. */
export function base64Of(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Throws EvidenceError for anything but the one spelling that `base64Of` gives. */
export function fromBase64(text: string): Bytes {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw new EvidenceError(`${shortened(text)} is not base 64`);
  }
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  if (base64Of(bytes) !== text) throw new EvidenceError(`${shortened(text)} is not canonical base 64`);
  return bytes;
}

/** A number from 0 on as ASCII decimal without leading zeros. Throws EvidenceError. */
export function decimalOf(text: string): number {
  const number = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw new EvidenceError(`${shortened(text)} is no decimal number`);
}

/** For messages: in quotes, at most 60 characters of it. */
export const shortened = (text: string): string =>
  JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
