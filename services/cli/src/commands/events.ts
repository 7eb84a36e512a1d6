/** `apledger events`: the facts of the log, filtered, and on demand as they arrive. */

import { command, Failure, jsonLine, line, type Output } from '@apledger/command-line';
import type { RecordedFact } from '@apledger/event-log';
import { Errno, factSchemas, hostOf, isRecordedType, isUuid, ledgerFactSchemas } from '@apledger/events';
import { type Filtered, type Ledger, lastPosition, type Place } from '@apledger/ledger';
import { answerLine, hostsAsked, withLedger } from '../ledger.ts';
import { MOMENT, parseGiven, requestText, usedSpanText } from '../moment.ts';
import { host, json, limitOf, place, types } from '../options.ts';
import { queueNamed } from './custody.ts';
import { describeRecorded } from './describe.ts';

interface EventsOptions extends Place {
  readonly host?: string;
  readonly type?: string;
  readonly actor?: string;
  readonly guest?: string;
  readonly mdev?: string;
  readonly queue?: string;
  readonly errno?: string;
  readonly text?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** Prints until the log's end, or with `follow` until `signal` is aborted. */
async function events(options: EventsOptions, output: Output, signal: AbortSignal): Promise<number> {
  const limit = limitOf(options.limit, 'facts') ?? Number.POSITIVE_INFINITY;
  const filters = filtersOf(options);
  return withLedger(options, output, async (ledger) => {
    if (options.host !== undefined) await hostsAsked(ledger, options.host);
    const since = await parseGiven('--since', options.since, ledger);
    const until = await parseGiven('--until', options.until, ledger);
    if (until !== undefined && options.follow) throw new Failure(2, 'Give either --until or --follow.');
    const wanted = {
      ...filters,
      ...(since === undefined ? {} : { since: requestText(since) }),
      ...(until === undefined ? {} : { until: requestText(until) }),
    };
    const used = usedSpanText(since, until);
    if (used !== '') output.note(line(`Facts ${used}:`));
    let count = 0;
    output.progress(options.follow ? 'waiting for facts' : 'looking for facts');
    for await (const fact of factsOf(ledger, wanted, options.follow === true, signal)) {
      if (signal.aborted || count === limit) break;
      if (options.json) output.out(answerLine(ledger, fact));
      else printFact(fact, false, output);
      count += 1;
    }
    if (count === 0 && !options.json) output.note(line(`No such fact${used === '' ? '' : ` ${used}`}.`));
    return 0;
  });
}

/** With `isFollowing` those to come after those that there are: only by host and type, which the stream of facts knows. */
async function* factsOf(
  ledger: Ledger,
  wanted: Filtered,
  isFollowing: boolean,
  signal: AbortSignal,
): AsyncGenerator<RecordedFact> {
  if (!isFollowing) {
    yield* ledger.facts(wanted);
    return;
  }
  const after = await lastPosition(ledger);
  yield* ledger.facts({ ...wanted, until: String(after) });
  const { host, types } = wanted;
  yield* ledger.follow(
    { after, ...(host === undefined ? {} : { host }), ...(types === undefined ? {} : { types }) },
    signal,
  );
}

const errnos: readonly string[] = Errno.enum;
const isErrno = (text: string): text is Errno => errnos.includes(text);

/** Throws Failure(2) for what cannot be the name of such a thing, and for filters that facts to come are not asked by. */
function filtersOf({ host, type, actor, guest, mdev, queue, errno, text, follow }: EventsOptions): Filtered {
  const types = parseTypes(type, isRecordedType);
  const beyond = Object.entries({ actor, guest, mdev, queue, errno, text }).find(
    ([, value]) => value !== undefined,
  );
  if (follow && beyond !== undefined)
    throw new Failure(2, `--follow goes with --host, --type and --since only, not with --${beyond[0]}.`);
  if (mdev !== undefined && !isUuid(mdev.toLowerCase()))
    throw new Failure(2, `--mdev ${mdev}: not the UUID of an mdev; show mdev lists them.`);
  const name = errno?.toUpperCase();
  if (name !== undefined && !isErrno(name))
    throw new Failure(2, `--errno ${errno}: there is no such errno here. There are ${errnos.join(', ')}.`);
  return {
    ...(host === undefined ? {} : { host }),
    ...(types === undefined ? {} : { types }),
    ...(actor === undefined ? {} : { actor }),
    ...(guest === undefined ? {} : { guest }),
    ...(mdev === undefined ? {} : { mdev: mdev.toLowerCase() }),
    ...(queue === undefined ? {} : { queue: queueNamed(queue, '--queue') }),
    ...(name === undefined ? {} : { errno: name }),
    ...(text === undefined ? {} : { text }),
  };
}

/** `--type`: names separated by commas. Throws Failure(2) for what `isType` does not know. */
export function parseTypes<T extends string>(
  text: string | undefined,
  isType: (name: string) => name is T,
): readonly T[] | undefined {
  return text?.split(',').map((name) => {
    if (isType(name)) return name;
    throw new Failure(2, `--type ${name}: there is no such type of fact.${similarTypes(name)}`);
  });
}

const TYPES: readonly string[] = [...Object.keys(factSchemas), ...Object.keys(ledgerFactSchemas)];

/** Types that hold one of the words of a name that is none: `guest_started` has two. */
function similarTypes(name: string): string {
  const words = name.match(/[A-Z]?[a-z]+/g) ?? [];
  const like = TYPES.filter((type) =>
    words.some((word) => word.length > 3 && type.toLowerCase().includes(word.toLowerCase().slice(0, -1))),
  );
  return ` There are ${(like.length > 0 ? like : TYPES).join(', ')}.`;
}

/** A fact as one line, or as one JSON object. */
export function printFact(fact: RecordedFact, json: boolean | undefined, output: Output): void {
  if (json) output.out(jsonLine(fact));
  else
    output.out(
      line(
        `${fact.position}  ${fact.occurredAt}  ${hostOf(fact.stream) ?? fact.stream}  ${describeRecorded(fact)}`,
      ),
    );
}

export const eventsCommand = command({
  name: 'events',
  summary: 'print the facts of the log',
  options: {
    ...place,
    ...host,
    ...types,
    actor: { type: 'string', value: 'name', description: 'only what this actor asked for' },
    guest: {
      type: 'string',
      value: 'name',
      description: 'only facts that name this guest, or its mdev while the guest had it open',
    },
    mdev: { type: 'string', value: 'uuid', description: 'only facts about this mdev' },
    queue: {
      type: 'string',
      value: 'apqn',
      description: 'only facts that name this queue, like 05.0047, or move it into a matrix or out of one',
    },
    errno: { type: 'string', value: 'name', description: 'only commands that were refused with it' },
    text: { type: 'string', value: 'text', description: 'only facts that show this, in any case of letters' },
    since: { type: 'string', value: 'moment', description: `only facts from then on: ${MOMENT}` },
    until: { type: 'string', value: 'moment', description: 'only facts up to then' },
    limit: { type: 'string', short: 'n', value: 'n', description: 'no more facts than these' },
    follow: { type: 'boolean', description: 'go on with facts as they arrive, until Ctrl-C' },
    ...json,
  },
  examples: [
    'apledger events --host zlp1 --type CommandRejected',
    "apledger events --actor tom --since '2026-11-17 09:00' --until '2026-11-17 10:00'",
    'apledger events --follow --json',
  ],
  run: (options, { output, signal }) => events(options, output, signal),
});
