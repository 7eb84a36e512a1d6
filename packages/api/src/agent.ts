/** What the agent of an observed host and the ledger say to each other. */
import { CommandRequestSchema, Commit, Hello, HelloReply, MAX_COMMITS } from '@apledger/agent-protocol';
import Type from 'typebox';
import { closed, operation } from './operation.ts';

/** Longest time that an agent waits for a command in one request, seconds. */
const MAX_POLL_S = 25;

const identity = {
  agent: Hello.properties.agent,
  epoch: Type.Integer({ minimum: 1, description: 'that the ledger gave it' }),
};

export const agentOperations = {
  agentHello: operation({
    name: 'agent-hello',
    summary: 'An agent begins, or begins again: it learns its epoch, and what the ledger has of it.',
    scope: 'host',
    verb: 'agent',
    http: { method: 'POST', path: '/hosts/{host}/agent/hello' },
    subject: 'agent.hello.*',
    request: Hello,
    reply: HelloReply,
  }),
  agentObserve: operation({
    name: 'agent-observe',
    summary:
      'What an agent saw, in order and without gaps; each commit is recorded once, however often it is sent.',
    scope: 'host',
    verb: 'agent',
    http: { method: 'POST', path: '/hosts/{host}/agent/commits' },
    subject: 'agent.observe.*',
    request: Type.Object(
      { ...identity, commits: Type.Array(Commit, { minItems: 1, maxItems: MAX_COMMITS }) },
      closed,
    ),
    reply: Type.Object({
      lastSequence: Type.Integer({ description: 'of the last commit that is recorded' }),
      revision: Type.Integer({ description: "of the host's last fact" }),
    }),
  }),
  agentCommands: operation({
    name: 'agent-commands',
    summary: 'The commands that an agent has not settled; with `after` it waits for newer ones.',
    scope: 'host',
    verb: 'agent',
    http: { method: 'GET', path: '/hosts/{host}/agent/commands' },
    subject: 'agent.commands.*',
    request: Type.Object(
      {
        ...identity,
        after: Type.Optional(
          Type.Integer({ minimum: -1, description: 'answer as soon as one was given after this revision' }),
        ),
        wait: Type.Optional(
          Type.Integer({ minimum: 0, maximum: MAX_POLL_S, description: 'at most, seconds' }),
        ),
      },
      closed,
    ),
    reply: Type.Object({
      revision: Type.Integer({ description: "of the host's last fact: ask on after it" }),
      open: Type.Array(CommandRequestSchema),
    }),
  }),
};
