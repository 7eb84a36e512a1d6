/** A command to a host that an agent watches: it is asked for, and the agent says what became of it. */
import { whyNotCarriedOut } from '@apledger/agent-protocol';
import type { Decision } from '@apledger/driver';
import type { Command } from '@apledger/events';

/** An agent does not begin a command later than this after it was given. */
const LIFE_MS = 60_000;

/** A command that no agent can carry out on a real host. Nothing was recorded. */
export class NotCarriedOut extends Error {
  override readonly name = 'NotCarriedOut';

  constructor(host: string, reason: string) {
    super(`Host ${host} is a real host, which an agent watches: ${reason}`);
  }
}

/** Throws NotCarriedOut. */
export function checkCarriedOut(host: string, command: Command): void {
  const reason = whyNotCarriedOut(command);
  if (reason !== undefined) throw new NotCarriedOut(host, reason);
}

/** `occurredAt`: RFC 3339 in UTC. */
export function requested(request: string, command: Command, occurredAt: string): Decision {
  const until = new Date(Date.parse(occurredAt) + LIFE_MS).toISOString();
  return { facts: [{ type: 'CommandRequested', data: { request, command, until } }] };
}
