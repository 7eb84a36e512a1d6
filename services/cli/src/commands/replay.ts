/** `apledger replay`: every command of a span of the log, who gave it, what happened, and what changed in the matrices. */
import type { ViewChange } from '@apledger/api';
import { command, Failure, line, type Output } from '@apledger/command-line';
import type { RecordedFact } from '@apledger/event-log';
import { hostOf } from '@apledger/events';
import { isReversed, type Ledger, type Place } from '@apledger/ledger';
import { diffViews } from '@apledger/projections';
import { describeChange } from '@apledger/projections/host';
import { answerLine, hostAt, hostsAsked, withLedger } from '../ledger.ts';
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

async function replay(options: SpanOptions, output: Output): Promise<number> {
  return withLedger(options, output, async (ledger) => {
    if (options.host !== undefined) await hostsAsked(ledger, options.host);
    const first = await parseGiven('--from', options.from, ledger);
    const last = await parseGiven('--to', options.to, ledger);
    if (isReversed(first, last))
      throw new Failure(2, `--from ${options.from} lies after --to ${options.to}.`);
    const used = usedSpanText(first, last);
    if (used !== '') output.err(line(`Commands ${used}:`));
    for await (const facts of commands(ledger, options.host, first, last))
      await printStep(ledger, facts, options, output);
    return 0;
  });
}

/** The facts of one command after the other, of those that lie in the span. */
async function* commands(
  ledger: Ledger,
  host: string | undefined,
  first: GivenMoment | undefined,
  last: GivenMoment | undefined,
): AsyncGenerator<RecordedFact[]> {
  // What clocks leave open is told rather than left out.
  const isBefore = first === undefined ? () => false : await upTo(ledger, justBefore(first), false);
  const isUpTo = last === undefined ? () => true : await upTo(ledger, last, true);
  let facts: RecordedFact[] = [];
  for await (const fact of ledger.facts({ ...(host === undefined ? {} : { host }) })) {
    if (isBefore(fact) || !isUpTo(fact)) continue;
    if (facts.length > 0 && facts[0]?.cause !== fact.cause) {
      yield facts;
      facts = [];
    }
    facts.push(fact);
  }
  if (facts.length > 0) yield facts;
}

async function printStep(
  ledger: Ledger,
  facts: readonly RecordedFact[],
  { json }: SpanOptions,
  output: Output,
): Promise<void> {
  const [first] = facts;
  const last = facts.at(-1);
  if (first === undefined || last === undefined) return;
  const host = hostOf(first.stream);
  const changes = host === undefined ? [] : await changesOf(ledger, host, first, last);
  const { position, occurredAt, actor, cause } = first;
  if (json) {
    output.out(
      answerLine(ledger, {
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

/** What a run of facts changed in the matrices of its host. */
async function changesOf(
  ledger: Ledger,
  host: string,
  first: RecordedFact,
  last: RecordedFact,
): Promise<readonly ViewChange[]> {
  const before =
    first.revision === 0 ? undefined : await hostAt(ledger, host, { position: first.position - 1 });
  return diffViews(before, await hostAt(ledger, host, { position: last.position }));
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
