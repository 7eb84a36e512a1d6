/** What a bench is given, and what it gives. */
import type { Histories } from './history.ts';
import type { Emmett } from './peers.ts';
import type { Row } from './table.ts';

export interface Context {
  /** Ten times less of everything: to see that it runs, not to compare. */
  readonly quick: boolean;
  /** An empty folder on the disk that is measured, removed afterwards. */
  readonly scratch: string;
  readonly histories: Histories;
  /** The peer, or why it is not there; installed when it is first asked for. */
  readonly emmett: () => Promise<Emmett | { readonly reason: string }>;
}

export type Bench = (context: Context) => Promise<readonly Row[]>;

/** A count for this run. */
export const sized = ({ quick }: Context, count: number): number => (quick ? Math.ceil(count / 10) : count);
