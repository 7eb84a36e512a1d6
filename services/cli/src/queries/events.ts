/** `apledger events`: the facts of the log, filtered, and on demand as they arrive. */
import type { RecordedFact } from '@apledger/event-log';
import { isFactType, streamOf } from '@apledger/events';
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
        if ('fact' in delivery && wanted(delivery.fact)) print(delivery.fact, options, output);
      return 0;
    }
    for await (const fact of log.readAll()) {
      if (signal.aborted) break;
      if (wanted(fact)) print(fact, options, output);
    }
    return 0;
  });
}

function filter({ host, type, since }: EventsOptions): (fact: RecordedFact) => boolean {
  const types = type === undefined ? undefined : new Set(type.split(','));
  for (const name of types ?? [])
    if (!isFactType(name))
      throw new Failure(2, `--type ${name}: there is no such type of fact; docs/schemas lists them.`);
  const from = since === undefined ? '' : parseTime('--since', since);
  return (fact) =>
    (host === undefined || fact.stream === streamOf(host)) &&
    (types === undefined || types.has(fact.type)) &&
    fact.occurredAt >= from;
}

function print(fact: RecordedFact, { json }: EventsOptions, output: Output): void {
  if (json) output.out(jsonLine(fact));
  else output.out(`${fact.position}  ${fact.occurredAt}  ${fact.stream}  ${describeRecorded(fact)}\n`);
}
