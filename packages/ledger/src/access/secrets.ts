/** Secrets that programs and browsers show: 256 random bits behind a prefix that scanners for leaked secrets can look for. */
import { hash, randomBytes } from 'node:crypto';

/** Of API tokens, and of sessions of people. */
export const TOKEN_PREFIX = 'apl_';
export const SESSION_PREFIX = 'aps_';

const SECRET = /^(?:apl|aps)_[A-Za-z0-9_-]{43}$/;

/** The prefix, and 256 random bits. */
export const newSecret = (prefix: typeof TOKEN_PREFIX | typeof SESSION_PREFIX): string =>
  prefix + randomBytes(32).toString('base64url');

/** Whether the text has the form of a secret; it may still be nobody's. */
export const isSecret = (text: string): boolean => SECRET.test(text);

/** What the log keeps: a hash without salt will do for what has 256 random bits. */
export const digestOf = (secret: string): string => hash('sha256', secret, 'hex');

/** A name for a credential that says nothing of its secret. */
export const newCredentialId = (): string => randomBytes(8).toString('hex');
