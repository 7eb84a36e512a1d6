/** What an agent asks. */
import type { OperationName } from '@apledger/api';
import { actorOf, authOf, type Caller } from '../access/caller.ts';
import type { Author } from '../access/facts.ts';
import type { Answer } from '../answer.ts';
import { fence } from '../observed/fence.ts';
import { hello } from '../observed/hello.ts';
import { observe } from '../observed/observe.ts';

type AgentOperation = Extract<OperationName, `agent${string}`>;

const authorOf = (agent: string, caller: Caller | undefined): Author =>
  caller === undefined ? { actor: `agent ${agent}` } : { actor: actorOf(caller), auth: authOf(caller) };

export const agentAnswers: { readonly [Name in AgentOperation]: Answer<Name> } = {
  agentHello: (ledger, request, { caller }) => hello(ledger, request, authorOf(request.agent, caller)),
  agentObserve: (ledger, request, { caller }) => observe(ledger, request, authorOf(request.agent, caller)),
  agentCommands: async (ledger, { after, wait = 0, ...claimant }, { caller }) => {
    const { host, agent, epoch } = claimant;
    const end = performance.now() + wait * 1000;
    for (;;) {
      const watched = await ledger.observed.sync(host);
      if (!watched.hears(agent, epoch)) await fence(ledger, claimant, watched, authorOf(agent, caller));
      const isNews = [...watched.open.values()].some(({ revision }) => revision > (after ?? -1));
      const leftMs = end - performance.now();
      if (after === undefined || isNews || leftMs <= 0 || ledger.observed.isReleased)
        return { revision: watched.revision, open: watched.requests(ledger.now().getTime()) };
      await ledger.observed.wait(host, watched, leftMs);
    }
  },
};
