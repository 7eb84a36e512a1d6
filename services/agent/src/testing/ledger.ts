/** A ledger in this process that can be away, lose its answers, and be asked by many agents. */
import { type OperationName, Problem } from '@apledger/api';
import { openMemoryLog, type RecordedFact } from '@apledger/event-log';
import { type Fact, parseFact, streamOf } from '@apledger/events';
import { LogLedger } from '@apledger/ledger';
import { type Question, Refused, type RemoteLedger, remoteLedger, Unreachable } from '../link/ledger.ts';

const OPERATIONS: Readonly<Record<Question, OperationName>> = {
  hello: 'agentHello',
  observe: 'agentObserve',
  commands: 'agentCommands',
  events: 'hostEvents',
};

export class NearLedger {
  readonly log = openMemoryLog();
  readonly ledger: LogLedger;
  isAway = false;
  /** Asked before each answer: true = it is lost on the way. */
  loses: () => boolean = () => false;

  constructor(now: () => Date = () => new Date()) {
    this.ledger = new LogLedger({ log: this.log, now });
  }

  as(host: string): RemoteLedger {
    return remoteLedger(async (question, request, signal) => {
      signal.throwIfAborted();
      if (this.isAway) throw new Unreachable('the network is away');
      try {
        const answer = await this.#answer(question, { ...request, host }, signal);
        if (this.loses()) throw new Unreachable('the answer was lost');
        return answer;
      } catch (error) {
        if (error instanceof Problem) throw new Refused(error.code, error.message);
        throw error;
      }
    });
  }

  async facts(host: string): Promise<readonly (RecordedFact & { readonly fact: Fact })[]> {
    const facts = [];
    for await (const recorded of this.log.readStream(streamOf(host)))
      facts.push({ ...recorded, fact: parseFact(recorded.type, recorded.version, recorded.data) });
    return facts;
  }

  /** JSON, as over a wire; who ends a request waits no more for its answer. */
  async #answer(question: Question, request: object, signal: AbortSignal): Promise<unknown> {
    const asked = JSON.parse(JSON.stringify(request));
    const answered = this.ledger.answer(OPERATIONS[question], asked as never, { maxReplyBytes: 1e9 });
    const ended = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    return JSON.parse(JSON.stringify(await Promise.race([answered, ended])));
  }
}
