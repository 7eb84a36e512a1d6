/** `apledger replay`: every command of a span of the log, who gave it, what happened, and what changed in the matrices. */
import type { ViewChange } from '@apledger/api';
import { command, Failure, jsonLine, line, type Output } from '@apledger/command-line';
import type { RecordedFact } from '@apledger/event-log';
import { hostOf, parseFact } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
import { isReversed, type Ledger, type Place } from '@apledger/ledger';
import { describeChange, diffViews, type HostView, viewOf } from '@apledger/projections/host';
import { hostsAsked, withLedger } from '../ledger.ts';
import { type GivenMoment, justBefore, MOMENT, parseGiven, upTo, usedSpanText } from '../moment.ts';
import { host, json, place } from '../options.ts';
import { describeRecorded } from './describe.ts';

export interface SpanOptions extends Place {
  readonly host?: string;
  /** Both ends of the span at once. */
  readonly at?: string;
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

/** Progress is said after so many positions. */
const SHOWN_EVERY = 100;

async function replay(options: SpanOptions, output: Output): Promise<number> {
  return withLedger(options, output, async (ledger) => {
    if (options.host !== undefined) await hostsAsked(ledger, options.host);
    const first = await parseGiven('--from', options.from, ledger);
    const last = await parseGiven('--to', options.to, ledger);
    if (isReversed(first, last))
      throw new Failure(2, `--from ${options.from} lies after --to ${options.to}.`);
    const used = usedSpanText(first, last);
    if (used !== '') output.note(line(`Commands ${used}:`));
    const hosts = new Hosts();
    for await (const facts of commands(ledger, options.host, first, last, hosts, output))
      printStep(facts, hosts.changesBy(facts), options, output);
    return 0;
  });
}

/** The facts of one command after the other, of those that lie in the span. */
async function* commands(
  ledger: Ledger,
  host: string | undefined,
  first: GivenMoment | undefined,
  last: GivenMoment | undefined,
  hosts: Hosts,
  output: Output,
): AsyncGenerator<RecordedFact[]> {
  // What clocks leave open is told rather than left out.
  const isBefore = first === undefined ? () => false : await upTo(ledger, justBefore(first), false);
  const isUpTo = last === undefined ? () => true : await upTo(ledger, last, true);
  let facts: RecordedFact[] = [];
  for await (const fact of ledger.facts({ ...(host === undefined ? {} : { host }) })) {
    if (isBefore(fact)) hosts.apply(fact);
    if (fact.position % SHOWN_EVERY === 0) output.progress(`at position ${fact.position}`);
    if (isBefore(fact) || !isUpTo(fact)) continue;
    if (facts.length > 0 && facts[0]?.cause !== fact.cause) {
      yield facts;
      facts = [];
    }
    facts.push(fact);
  }
  if (facts.length > 0) yield facts;
}

/** Hosts as of the last fact that was applied, folded here: to ask for two views of each command would take a hundred times as long. */
class Hosts {
  readonly #states = new Map<string, HostState>();

  apply({ stream, type, version, data, revision, position, occurredAt }: RecordedFact): void {
    const host = hostOf(stream);
    if (host === undefined) return;
    const state = this.#states.get(host) ?? new HostState();
    evolve(state, parseFact(type, version, data));
    state.place(revision, position, Date.parse(occurredAt));
    this.#states.set(host, state);
  }

  /** Applies the facts of one command, and says what they changed in the matrices of their host. */
  changesBy(facts: readonly RecordedFact[]): readonly ViewChange[] {
    const host = hostOf(facts[0]?.stream ?? '');
    if (host === undefined) return [];
    const before = this.#viewOf(host);
    for (const fact of facts) this.apply(fact);
    return diffViews(before, this.#viewOf(host));
  }

  #viewOf(host: string): HostView | undefined {
    const state = this.#states.get(host);
    return state && viewOf(host, state);
  }
}

function printStep(
  facts: readonly RecordedFact[],
  changes: readonly ViewChange[],
  { json }: SpanOptions,
  output: Output,
): void {
  const [first] = facts;
  if (first === undefined) return;
  const host = hostOf(first.stream);
  const { position, occurredAt, actor, cause } = first;
  if (json) {
    output.out(
      jsonLine({
        ...{ position, occurredAt, host: host ?? first.stream, actor, command: cause },
        ...{ facts, changes },
      }),
    );
    return;
  }
  output.out(line(`${position}  ${occurredAt}  ${host ?? first.stream}  by ${actor}`));
  for (const fact of facts) output.out(line(`      ${describeRecorded(fact)}`));
  for (const change of changes) output.out(line(`    * ${describeChange(change)}`));
}

export const replayCommand = command({
  name: 'replay',
  summary: 'print every command with what it changed in the matrices, who gave it and why it was refused',
  options: {
    ...place,
    ...host,
    from: { type: 'string', value: 'moment', description: `from here: ${MOMENT}` },
    to: { type: 'string', value: 'moment', description: 'up to here' },
    ...json,
  },
  examples: ['apledger replay --from 10 --to 60'],
  run: (options, { output }) => replay(options, output),
});
