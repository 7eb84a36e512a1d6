/** What can be asked of a ledger, wherever it is: a log that this process opens, or a service. */
import type { HostHead, OperationName, Receipt, Reply, Request } from '@apledger/api';
import type { Submission } from '@apledger/command-handler';
import type { RecordedFact } from '@apledger/event-log';
import type { HostState } from '@apledger/host';

/** Which facts. */
export interface Wanted {
  /** Only facts after this position; default 0. */
  readonly after?: number;
  readonly host?: string;
  readonly types?: readonly string[];
}

/** The same, and what the facts are about, and between which moments they lie. */
export type Filtered = Omit<Request<'events'>, 'limit' | 'order'>;

export interface Ledger {
  /** Answers an operation of packages/api. Throws Problem for what cannot be carried out as asked. */
  ask<Name extends OperationName>(name: Name, request: Request<Name>): Promise<Reply<Name>>;
  /** Gives a command; a refused one is answered like any other. */
  submit(submission: Submission): Promise<Receipt>;
  /** The host's state now, for scripts that read it; undefined when it does not exist. */
  state(host: string): Promise<HostState | undefined>;
  /** The facts that there are, in order. */
  facts(wanted: Filtered): AsyncIterable<RecordedFact>;
  /** Those, and the ones to come, until the signal. */
  follow(wanted: Wanted, signal: AbortSignal): AsyncIterable<RecordedFact>;
  /** Moves a planned change on until the signal, where nobody else does: a service does so by itself. */
  move(change: string, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Position of the last fact; 0 = none. */
export const lastPosition = async (ledger: Ledger): Promise<number> =>
  (await ledger.ask('hosts', { limit: 1 })).position ?? 0;

/** All hosts that are asked for, by name, each with its head: page by page. */
export async function hostHeads(ledger: Ledger, asked: Request<'hosts'> = {}): Promise<readonly HostHead[]> {
  const heads: HostHead[] = [];
  for (let after: string | null = ''; after !== null; ) {
    const page: Reply<'hosts'> = await ledger.ask('hosts', { ...asked, after });
    heads.push(...page.hosts);
    after = page.next;
  }
  return heads;
}

/** The names of all hosts, sorted. */
export const hostNames = async (ledger: Ledger): Promise<readonly string[]> =>
  (await hostHeads(ledger)).map(({ host }) => host);
