/** What a command was, small enough to be kept with its facts: who gives another one under its id is found out. */

import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { CommandMark } from './port.ts';

/** The mark of a command, any JSON object with a type: the same for the same JSON, however it was written. */
export function markOf<C extends { readonly type: string }>(command: C): CommandMark {
  const json = canonicalize(command) ?? '';
  return { type: command.type, digest: hash('sha256', json, 'base64url') };
}
