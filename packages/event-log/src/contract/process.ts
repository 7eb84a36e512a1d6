/**
 * Another process for the contract: `node process.ts TASK RECIPE ARGUMENTS` opens the store as the recipe says and
 *
 *     count STREAM TIMES           reads the last count, appends the next, tries again when another was first; hands
 *                                  every command over twice, and prints each count that it appended
 *     date STREAM TIMES SKEW_MS    appends facts dated by a clock that is wrong by so much
 *     follow AFTER                 prints position, stream and revision of every fact, until it is killed
 */

import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { WrongExpectedRevision } from '../errors.ts';
import { openJetStreamLog } from '../jetstream.ts';
import { openKurrentLog } from '../kurrentdb.ts';
import type { EventLog } from '../port.ts';
import { openSqliteLog } from '../sqlite.ts';
import type { Recipe } from './processes.ts';
import { commit, fact } from './support.ts';

async function openRecipe({ opener, options }: Recipe): Promise<EventLog> {
  switch (opener) {
    case 'openSqliteLog':
      return openSqliteLog(options);
    case 'openJetStreamLog':
      return openJetStreamLog(options);
    case 'openKurrentLog':
      return openKurrentLog(options);
  }
}

async function count(log: EventLog, stream: string, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const head = await log.head(stream);
    const next = (head?.revision ?? -1) + 2;
    const given = {
      ...commit(stream, head?.revision ?? 'none', [fact(0, { count: next })]),
      commandId: randomUUID(),
    };
    try {
      const [first, again] = await Promise.all([log.append(given), log.append(given)]);
      if (first.duplicate === again.duplicate || first.lastPosition !== again.lastPosition)
        throw new Error(`command ${given.commandId} was not appended exactly once`);
      writeSync(1, `${next}\n`);
      done += 1;
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
    }
  }
}

/** A clock that is wrong, for everything in this process. */
function skewClock(skewMs: number): void {
  const Right = Date;
  class Wrong extends Right {
    constructor(...given: [] | [string | number]) {
      super(given[0] ?? Right.now() + skewMs);
    }
    static override now(): number {
      return Right.now() + skewMs;
    }
  }
  globalThis.Date = Wrong as DateConstructor;
}

async function date(log: EventLog, stream: string, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    await log.append(commit(stream, 'any', [{ ...fact(n), occurredAt: new Date().toISOString() }]));
    writeSync(1, `${n}\n`);
  }
}

async function follow(log: EventLog, after: number): Promise<void> {
  const forEver = new AbortController().signal;
  writeSync(1, 'ready\n');
  for await (const delivery of log.subscribe({ after, signal: forEver })) {
    if (!('fact' in delivery)) continue;
    const { position, stream, revision } = delivery.fact;
    writeSync(1, `${position} ${stream} ${revision}\n`);
  }
}

const [, , task = '', recipe = '', ...args] = process.argv;
const [first = '', times = '0', skewMs = '0'] = args;
if (task === 'date') skewClock(Number(skewMs));
const log = await openRecipe(JSON.parse(recipe) as Recipe);
if (task === 'count') await count(log, first, Number(times));
else if (task === 'date') await date(log, first, Number(times));
else await follow(log, Number(first));
await log.close();
