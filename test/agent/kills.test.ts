/**
 * kill -9 of the agent, of its writer and of the ledger at random moments under changes: nothing is lost, nothing is done twice, and
 * nobody hears of a success that is none.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandHandler } from '@apledger/command-handler';
import { openSqliteLog } from '@apledger/event-log';
import { parseFact } from '@apledger/events';
import { diffViews, viewOf } from '@apledger/projections/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apledger, objects } from '../cli/support.ts';
import { noMount } from '../lab/support.ts';
import { sized } from '../support/long.ts';
import '../support/seed.ts';
import { changes, type Heard, HOST, SIMULATED, Site } from './support.ts';

const KILLS_EACH = sized(6, 100);
/** Events of files after which somebody is killed, at most. */
const MOST_EVENTS = 12;

type Victim = 'agent' | 'ledger' | 'writer';
interface Kill {
  readonly victim: Victim;
  readonly after: number;
}

/** Each victim as often as the others, in an order that the seed chooses. */
const kills = fc
  .shuffledSubarray(
    (['agent', 'ledger', 'writer'] as const).flatMap((victim) =>
      Array.from({ length: KILLS_EACH }, () => victim),
    ),
    { minLength: 3 * KILLS_EACH },
  )
  .chain((victims) =>
    fc
      .array(fc.integer({ min: 1, max: MOST_EVENTS }), {
        minLength: victims.length,
        maxLength: victims.length,
      })
      .map((moments) => victims.map((victim, i): Kill => ({ victim, after: moments[i] ?? 1 }))),
  );

async function carryOut(site: Site, { victim, after }: Kill): Promise<void> {
  if (victim === 'agent') {
    await changes(site.spool, after);
    await site.killAgent();
    site.startAgent();
  } else if (victim === 'ledger') {
    await changes(site.data, after);
    await site.killLedger();
    await site.startLedger();
  } else {
    await changes(join(site.run, 'lock'), 1 + (after % 3));
    killWriters(site, after % 2 === 0);
  }
}

/** Those of this site's agent: their words name its sysfs. With `children` only what writes for them. */
function killWriters({ sys }: Site, children: boolean): void {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const words = commandLine(name);
    const isWriter = /writer[-/]main\./.test(words) && words.includes(sys);
    if (!isWriter || words.includes('--write-once') !== children) continue;
    try {
      process.kill(Number(name), 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

/** '' of a process that has ended. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

describe.skipIf(noMount !== undefined)('an agent, its writer and the ledger', () => {
  it(`killed ${KILLS_EACH} times each under changes: each command is settled once, and truthfully`, {
    timeout: sized(1_200_000, 3_600_000),
  }, async () => {
    const [plan = []] = fc.sample(kills, 1);
    const site = await Site.open('adapters=5,6', 'domains=4,5', 'driver=6.12');
    site.startAgent();
    const heard: Heard[] = [];
    let isOver = false;
    const giving = (async () => {
      // Each makes another mdev: what was done twice would be refused, and what was not done is not there.
      for (let n = 1; !isOver; n++) heard.push(await site.insist({ type: 'CreateMdev', text: uuid(n) }));
    })();
    const killing = (async () => {
      for (const kill of plan) {
        await carryOut(site, kill);
      }
      isOver = true;
    })();
    await Promise.all([giving, killing]);
    // The agent that is there now looks once more before it settles this one.
    expect((await site.insist({ type: 'WriteMask', mask: 'apmask', text: '-5' })).end).toBe('done');
    await verify(site, heard);
  });
});

async function verify(site: Site, heard: readonly Heard[]): Promise<void> {
  const log = await openSqliteLog({ directory: site.labData, readOnly: true });
  const lab = await new CommandHandler(log).state(SIMULATED);
  await log.close();
  const seen = await site.ledger.state(HOST);
  expect(diffViews(seen && viewOf(HOST, seen), lab && viewOf(HOST, lab))).toEqual([]);
  const ends = new Map<string, number>();
  for (const { command, end } of heard) {
    ends.set(end, (ends.get(end) ?? 0) + 1);
    const made = 'text' in command ? command.text : '';
    if (end === 'done') expect([made, lab?.mdevs.has(made)]).toEqual([made, true]);
    if (end === 'not-carried-out' || end === 'refused')
      expect([made, lab?.mdevs.has(made)]).toEqual([made, false]);
  }
  console.log('commands by what was heard of them:', Object.fromEntries(ends));
  expect(ends.get('refused')).toBeUndefined();
  await verifyHistory(site, heard);
  await verifyWrites(site);
}

/** Every command was asked for once and settled once, and the agent's commits have no gaps. */
async function verifyHistory(site: Site, heard: readonly Heard[]): Promise<void> {
  const asked: string[] = [];
  const settled: string[] = [];
  const sequences: number[] = [];
  for await (const { type, version, data } of site.ledger.facts({ host: HOST })) {
    const fact = parseFact(type, version, data);
    if (fact.type === 'CommandRequested') asked.push(fact.data.request);
    if (fact.type === 'CommandSettled') settled.push(fact.data.request);
    if (fact.type === 'HostObserved') sequences.push(fact.data.sequence);
  }
  expect(new Set(settled).size).toBe(settled.length);
  expect([...settled].sort()).toEqual([...asked].sort());
  expect(heard.filter(({ commandId }) => !asked.includes(commandId))).toEqual([]);
  expect(sequences).toEqual(sequences.map((_, i) => i + 1));
}

/** No write reached the kernel twice. */
async function verifyWrites(site: Site): Promise<void> {
  const { out } = await apledger('events', '--data', site.labData, '--json');
  const tries = objects(out).filter(({ type }) => type === 'MdevCreated' || type === 'CommandRejected');
  const made = tries.filter(({ type }) => type === 'MdevCreated');
  expect(tries).toHaveLength(made.length);
}
