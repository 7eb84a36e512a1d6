/** `apledger events`: the facts of the log, filtered, and on demand as they arrive. */

import { command, Failure, jsonLine, line, type Output } from '@apledger/command-line';
import type { RecordedFact } from '@apledger/event-log';
import { isRecordedType } from '@apledger/events';
import type { Place } from '@apledger/ledger';
import { withLedger } from '../ledger.ts';
import { justBefore, parseTime, upTo } from '../moment.ts';
import { host, json, place, types } from '../options.ts';
import { describeRecorded } from './describe.ts';

interface EventsOptions extends Place {
  readonly host?: string;
  readonly type?: string;
  readonly since?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** Prints until the log's end, or with `follow` until `signal` is aborted. */
async function events(options: EventsOptions, output: Output, signal: AbortSignal): Promise<number> {
  const { host, since, follow, json } = options;
  const types = parseTypes(options.type, isRecordedType);
  const from = since === undefined ? undefined : { time: parseTime('--since', since) };
  const wanted = { ...(host === undefined ? {} : { host }), ...(types === undefined ? {} : { types }) };
  return withLedger(options, output, async (ledger) => {
    const isBefore = from === undefined ? () => false : await upTo(ledger, justBefore(from), false);
    for await (const fact of follow ? ledger.follow(wanted, signal) : ledger.facts(wanted)) {
      if (signal.aborted) break;
      if (!isBefore(fact)) printFact(fact, json, output);
    }
    return 0;
  });
}

/** `--type`: names separated by commas. Throws Failure(2) for what `isType` does not know. */
export function parseTypes<T extends string>(
  text: string | undefined,
  isType: (name: string) => name is T,
): readonly T[] | undefined {
  return text?.split(',').map((name) => {
    if (isType(name)) return name;
    throw new Failure(2, `--type ${name}: there is no such type of fact; docs/schemas lists them.`);
  });
}

/** A fact as one line, or as one JSON object. */
export function printFact(fact: RecordedFact, json: boolean | undefined, output: Output): void {
  if (json) output.out(jsonLine(fact));
  else output.out(line(`${fact.position}  ${fact.occurredAt}  ${fact.stream}  ${describeRecorded(fact)}`));
}

export const eventsCommand = command({
  name: 'events',
  summary: 'print the facts of the log',
  options: {
    ...place,
    ...host,
    ...types,
    since: { type: 'string', value: 'time', description: 'only facts from this time on' },
    follow: { type: 'boolean', description: 'go on with facts as they arrive, until Ctrl-C' },
    ...json,
  },
  examples: ['apledger events --host zlp1 --type CommandRejected', 'apledger events --follow --json'],
  run: (options, { output, signal }) => events(options, output, signal),
});
