/** There is one agent of a host. Another one is refused, and that is recorded once. */
import { fencedId } from '@apledger/agent-protocol';
import { Problem } from '@apledger/api';
import type { Observation } from '@apledger/command-handler';
import { decideAgain } from '@apledger/event-log';
import type { Author } from '../access/facts.ts';
import type { LogLedger } from '../log-ledger.ts';
import type { Watched } from './watched.ts';

interface Claimant {
  readonly host: string;
  readonly agent: string;
  /** That it believes to have; 0 = it is new. */
  readonly epoch: number;
}

/** Records that the claimant was refused, if that is not recorded yet, and throws the Problem. */
export async function fence(
  ledger: LogLedger,
  { host, agent, epoch: claimed }: Claimant,
  watched: Watched,
  author: Author,
): Promise<never> {
  const by = watched.epoch;
  if (by === 0)
    throw new Problem(
      409,
      'not-observed',
      claimed === 0
        ? `No agent watches host ${host}: an agent says hello before it sends anything.`
        : `No agent watches host ${host}, and agent ${agent} has epoch ${claimed} of it: it has met another ledger, or this one has lost its log. Start it with an empty spool to begin here.`,
    );
  // Who never had an epoch wanted to be one more agent of the present one.
  const epoch = claimed === 0 ? by : claimed;
  await recordAtHead(ledger, {
    host,
    commandId: fencedId(host, agent, epoch, by),
    mark: { type: 'AgentFenced' },
    ...author,
    facts: [{ type: 'AgentFenced', data: { epoch, agent, by } }],
  });
  throw new Problem(
    409,
    'fenced',
    `Host ${host} is watched by agent ${watched.agent} of epoch ${by}, since ${watched.since}; agent ${agent}${claimed === 0 ? '' : ` of epoch ${claimed}`} is refused. If that one is gone for good, start this one once with --take-over.`,
  );
}

/** Records what the ledger itself says of a host, behind its last fact. */
export async function recordAtHead(
  { handler, observed, now }: LogLedger,
  said: Omit<Observation, 'expected' | 'occurredAt'>,
): Promise<void> {
  await decideAgain(async () => {
    const { revision: expected } = await observed.sync(said.host);
    await handler.record({ ...said, occurredAt: now().toISOString(), expected });
  });
}
