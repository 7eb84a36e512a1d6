/** `apledger events`: the facts of the log, filtered, and on demand as they arrive. */
import type { RecordedFact } from '@apledger/event-log';
import { type FactType, isFactType, streamOf } from '@apledger/events';
import { type LogPlace, withLog } from '../data.ts';
import { Failure } from '../failure.ts';
import { jsonLine, type Output } from '../output.ts';
import { describeRecorded } from './describe.ts';
import { parseTime } from './moment.ts';

export interface EventsOptions extends LogPlace {
  readonly host?: string;
  readonly type?: string;
  readonly since?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** Prints until the log's end, or with `follow` until `signal` is aborted. */
export async function events(options: EventsOptions, output: Output, signal: AbortSignal): Promise<number> {
  const wanted = filter(options);
  return withLog(options, { readOnly: true }, async (log) => {
    if (options.follow) {
      for await (const delivery of log.subscribe({ after: 0, signal }))
        if ('fact' in delivery && wanted(delivery.fact)) printFact(delivery.fact, options.json, output);
      return 0;
    }
    for await (const fact of log.readAll()) {
      if (signal.aborted) break;
      if (wanted(fact)) printFact(fact, options.json, output);
    }
    return 0;
  });
}

function filter({ host, type, since }: EventsOptions): (fact: RecordedFact) => boolean {
  const types = parseTypes(type);
  const from = since === undefined ? '' : parseTime('--since', since);
  return (fact) =>
    (host === undefined || fact.stream === streamOf(host)) &&
    (types === undefined || types.some((name) => name === fact.type)) &&
    fact.occurredAt >= from;
}

/** `--type`: names separated by commas. Throws Failure(2) for what is no type. */
export function parseTypes(text: string | undefined): readonly FactType[] | undefined {
  return text?.split(',').map((name) => {
    if (isFactType(name)) return name;
    throw new Failure(2, `--type ${name}: there is no such type of fact; docs/schemas lists them.`);
  });
}

/** A fact as one line, or as one JSON object. */
export function printFact(fact: RecordedFact, json: boolean | undefined, output: Output): void {
  if (json) output.out(jsonLine(fact));
  else output.out(`${fact.position}  ${fact.occurredAt}  ${fact.stream}  ${describeRecorded(fact)}\n`);
}
