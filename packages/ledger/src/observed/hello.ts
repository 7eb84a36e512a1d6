/** An agent begins, or begins again. */
import { type HelloReply, observationId } from '@apledger/agent-protocol';
import { Problem, type Request } from '@apledger/api';
import { CommandIdUsed } from '@apledger/command-handler';
import { decide } from '@apledger/driver';
import { decideAgain, WrongExpectedRevision } from '@apledger/event-log';
import type { Fact } from '@apledger/events';
import { HostState, STATE_VERSION } from '@apledger/host';
import type { Author } from '../access/facts.ts';
import { unknownHost } from '../answers/hosts.ts';
import type { LogLedger } from '../log-ledger.ts';
import { fence } from './fence.ts';
import type { Watched } from './watched.ts';

type Hello = Request<'agentHello'>;

/** Throws Problem: `unknown-host` where the agent has to say what to register, `fenced` where another agent watches the host. */
export async function hello(ledger: LogLedger, request: Hello, author: Author): Promise<HelloReply> {
  const { host, agent, epoch } = request;
  return decideAgain(async () => {
    let watched = await ledger.observed.sync(host);
    if (!isOf(watched, request)) {
      const isNew = epoch === 0 && (watched.epoch === 0 || request.takeOver === true);
      if (!isNew) return fence(ledger, { host, agent, epoch }, watched, author);
      await begin(ledger, request, watched, author);
      watched = await ledger.observed.sync(host);
    }
    watched.hears(agent, watched.epoch);
    // An agent that knew no epoch begins where its own does: of what was asked for since then, it has begun nothing.
    return welcome(ledger, host, watched, epoch === 0 ? watched.began : watched.revision);
  }, isRace);
}

const isRace = (error: unknown): boolean =>
  error instanceof WrongExpectedRevision || error instanceof CommandIdUsed;

/** An agent that never heard its epoch, since the answer was lost, has not sent anything in it. */
const isOf = ({ epoch, agent, lastSequence }: Watched, hello: Hello): boolean =>
  epoch > 0 && agent === hello.agent && (hello.epoch === epoch || (hello.epoch === 0 && lastSequence === 0));

/**
 * A host that nobody knows is registered in the same append: without its agent, commands to it would be decided by the rules, as those to
 * a simulated host, and nobody would carry them out.
 */
async function begin(
  ledger: LogLedger,
  hello: Hello,
  { epoch: last, revision }: Watched,
  author: Author,
): Promise<void> {
  const { host, agent, boot, kernel, detected, missing } = hello;
  const epoch = last + 1;
  const data = { epoch, agent, boot, kernel, detected: [...detected], missing: [...missing] };
  await ledger.handler.record({
    host,
    commandId: observationId(host, epoch, 0),
    mark: { type: 'Hello', ...{ agent } },
    ...author,
    occurredAt: ledger.now().toISOString(),
    facts: [...(revision < 0 ? registered(hello) : []), { type: 'ObservationBegan', data }],
    expected: revision < 0 ? 'none' : revision,
  });
}

function registered({ host, register }: Hello): readonly Fact[] {
  if (register === undefined) throw unknownHost(host);
  if (register.host !== host)
    throw new Problem(400, 'invalid-request', `register.host must be ${host}, the host of the request.`);
  const { facts, refusal } = decide(new HostState(), register);
  if (refusal === undefined) return facts;
  throw new Problem(
    422,
    'impossible-observation',
    `Host ${host} cannot be registered: ${refusal.explanation}`,
  );
}

async function welcome(
  ledger: LogLedger,
  host: string,
  watched: Watched,
  revision: number,
): Promise<HelloReply> {
  const { epoch, lastSequence } = watched;
  const open = watched.requests(ledger.now().getTime());
  const state = await ledger.handler.stateAt(host, { revision });
  if (state === undefined) throw unknownHost(host);
  const bytes = Buffer.from(state.toBytes()).toString('base64');
  return { epoch, lastSequence, revision, state: bytes, stateVersion: STATE_VERSION, open };
}
