/** Who this agent is: an id that it made once, and the epoch that the ledger gave it. */

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { isUuid } from '@apledger/events';
import { readIfThere, replace } from './files.ts';

const FILE = 'identity.json';

export interface Identity {
  readonly host: string;
  readonly agent: string;
  /** 0 = the ledger has not given one yet. */
  readonly epoch: number;
}

/** The identity that is kept in the directory; undefined when there is none. Throws Error for a file that is none. */
export async function readIdentity(directory: string): Promise<Identity | undefined> {
  const bytes = await readIfThere(join(directory, FILE));
  if (bytes === undefined) return undefined;
  try {
    const { host, agent, epoch } = JSON.parse(bytes.toString()) as Partial<Identity>;
    if (typeof host === 'string' && typeof agent === 'string' && isUuid(agent) && Number.isInteger(epoch))
      return { host, agent, epoch: Number(epoch) };
  } catch {
    // Said below.
  }
  throw new Error(
    `${join(directory, FILE)} is damaged. Move ${directory} away and start the agent once with --take-over: it begins anew.`,
  );
}

/** Of an agent that has not spoken to a ledger yet. */
export const newIdentity = (host: string): Identity => ({ host, agent: randomUUID(), epoch: 0 });

/** Resolves when it is durable. */
export const keepIdentity = (directory: string, identity: Identity): Promise<void> =>
  replace(directory, FILE, `${JSON.stringify(identity)}\n`);
