/** Commands to a service, and the states that scripts look at: folded here, from the facts that it tells. */
import { type Api, ApiProblem, answer, type Receipt as ShownReceipt } from '@apledger/client';
import type { Receipt, Submission } from '@apledger/command-handler';
import type { Refusal } from '@apledger/driver';
import type { RecordedFact } from '@apledger/event-log';
import { type Fact, parseFact } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';

export class RemoteCommands {
  readonly #api: Api;
  readonly #factsOf: (host: string, after: number) => AsyncIterable<RecordedFact>;
  readonly #hosts = new Map<string, HostState>();

  constructor(api: Api, factsOf: (host: string, after: number) => AsyncIterable<RecordedFact>) {
    this.#api = api;
    this.#factsOf = factsOf;
  }

  /** The host's state now; undefined when it does not exist. */
  async state(host: string): Promise<HostState | undefined> {
    const state = this.#hosts.get(host) ?? new HostState();
    for await (const fact of this.#factsOf(host, state.position)) {
      evolve(state, parseFact(fact.type, fact.version, fact.data));
      state.place(fact.revision, fact.position, Date.parse(fact.occurredAt));
    }
    this.#hosts.set(host, state);
    return state.isRegistered ? state : undefined;
  }

  /** Gives the command; a refused one is answered like any other. Throws ApiProblem, or Unreachable. */
  async submit(submission: Submission): Promise<Receipt> {
    const { host, command, actor, correlation, commandId = crypto.randomUUID() } = submission;
    const header = {
      'Idempotency-Key': commandId,
      'Apledger-Actor': encodeURIComponent(actor),
      ...(correlation === undefined ? {} : { 'Apledger-Correlation': encodeURIComponent(correlation) }),
    };
    const call = this.#api.POST('/hosts/{host}/commands', {
      params: { path: { host }, header },
      body: command,
    });
    try {
      return receiptOf(await answer(call));
    } catch (error) {
      if (error instanceof ApiProblem && error.code === 'refused') return refusalOf(error);
      throw error;
    }
  }
}

const receiptOf = ({ commandId, facts, isBlocked, isDuplicate, revision }: ShownReceipt): Receipt => ({
  commandId,
  facts: (facts ?? []) as readonly Fact[],
  isBlocked,
  isDuplicate,
  revision,
});

function refusalOf({ body }: ApiProblem): Receipt {
  const { errno, explanation, conflicts, remedy, commandId, facts, isDuplicate, revision } = body;
  return {
    commandId: commandId ?? '',
    facts: (facts ?? []) as readonly Fact[],
    refusal: { errno, explanation, conflicts, remedy } as Refusal,
    isBlocked: false,
    isDuplicate: isDuplicate ?? false,
    revision: revision ?? -1,
  };
}
