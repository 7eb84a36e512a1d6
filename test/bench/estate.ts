/**
 * A bank's estate behind one service: 10,000 hosts of 16 adapters x 85 domains with 60 mdevs each, 13.6 million queues. How long it takes to
 * start and to fold, what memory it needs, and what questions and commands take. Only when it is asked for: the log takes minutes to fill.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decide } from '@apledger/driver';
import { type Appended, openSqliteLog } from '@apledger/event-log';
import type { Command, Fact } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
import { type Bench, type Context, sized } from './context.ts';
import { newFact } from './history.ts';
import { type Ask, load, type Served, served } from './http-load.ts';
import { announced, progress, quantile, seconds } from './measure.ts';
import { aim, grouped, type Row, short } from './table.ts';

const LEDGER = new URL('../../services/ledger/bin/ledger.mjs', import.meta.url).pathname;
const HOSTS = 10_000;
const ADAPTERS = 16;
const DOMAINS = 85;
const MDEVS = 60;
/** Appends under way. */
const OUTSTANDING = 256;
const QUESTIONS = 2000;
const AT = '2026-01-01T00:00:00.000Z';

export const estate: Bench = async (context) => {
  const hosts = sized(context, HOSTS);
  const directory = join(context.scratch, 'estate');
  const facts = await fill(directory, hosts);
  const rows: Row[] = [
    row(`${grouped(hosts)} hosts x ${ADAPTERS} x ${DOMAINS}, ${MDEVS} mdevs each`, `${short(facts)} facts`, {
      facts,
    }),
  ];
  let service: Served | undefined;
  const started = await seconds(async () => {
    service = await served(LEDGER, '--data', directory, '--port', '0', '--no-seal');
  });
  if (service === undefined) return rows;
  try {
    rows.push(row('from start to ready', `${started.toFixed(2)} s`, { seconds: started }));
    const commands = sized(context, QUESTIONS);
    const toNew = await timed('a command to a host not seen yet', service, commands, 1, (n) =>
      commandTo(n, hosts),
    );
    rows.push({ ...toNew, ...aim('p50 < 10 ms', toNew.figures.p50Ms, (value) => value < 10) });
    const after = memory(`memory after ${grouped(commands)} commands to hosts not seen before`, service);
    rows.push({ ...after, ...aim('< 500 MB', after.figures.residentMb, (value) => value < 500) });
    rows.push(...(await questions(context, service, hosts, 'nothing folded')));
    progress('estate: folding');
    const rebuilt = await fetch(`http://127.0.0.1:${service.port}/api/v1/rebuild`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    const { milliseconds } = (await rebuilt.json()) as { milliseconds: number };
    rows.push(
      row(
        'read model folded',
        `${(milliseconds / 1000).toFixed(1)} s, ${short((facts * 1000) / milliseconds)} facts/s`,
        {
          seconds: milliseconds / 1000,
        },
      ),
    );
    rows.push(memory('memory after folding', service));
    rows.push(...(await questions(context, service, hosts, 'folded')));
    rows.push(memory('memory after the questions', service));
    rows.push(await timed('a command, any host', service, commands, 16, (n) => commandTo(n, hosts)));
    rows.push(memory('memory after the commands', service));
    return rows;
  } finally {
    await service.end();
  }
};

const nameOf = (n: number): string => `lpar${String(n).padStart(5, '0')}`;
/** Far apart, and every time the same. */
const any = (n: number, hosts: number): string => nameOf((n * 7919) % hosts);

async function questions(context: Context, service: Served, hosts: number, when: string): Promise<Row[]> {
  const api = '/api/v1';
  const asks: Readonly<Record<string, (n: number) => Ask>> = {
    'a host': (n) => ({ path: `${api}/hosts/${any(n, hosts)}` }),
    'a guest': (n) => ({ path: `${api}/hosts/${any(n, hosts)}/guests/guest${2 * (n % 30)}` }),
    '100 hosts': (n) => ({ path: `${api}/hosts?limit=100&after=${any(n, hosts)}` }),
    'custody of a queue': (n) => ({ path: `${api}/hosts/${any(n, hosts)}/custody?apqn=00.0000` }),
  };
  const rows: Row[] = [];
  for (const [what, ask] of Object.entries(asks))
    rows.push(await timed(`${what}, ${when}`, service, sized(context, QUESTIONS), 4, ask));
  return rows;
}

const commandTo = (n: number, hosts: number): Ask => ({
  method: 'POST',
  path: `/api/v1/hosts/${any(n, hosts)}/commands`,
  body: '{"type":"ScanBus"}',
});

async function timed(
  what: string,
  { port }: Served,
  count: number,
  connections: number,
  ask: (n: number) => Ask,
): Promise<Row> {
  progress(`estate: ${what}`);
  const { perSecond, latencies } = await load(port, { count, connections }, ask);
  const [p50Ms, p99Ms] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
  return row(what, `p50 ${p50Ms.toFixed(2)}, p99 ${p99Ms.toFixed(2)} ms, ${short(perSecond)}/s`, {
    p50Ms,
    p99Ms,
    perSecond,
  });
}

function memory(what: string, { pid }: Served): Row {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name: string): number =>
    Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
  const [residentMb, peakMb] = [of('VmRSS'), of('VmHWM')];
  return row(what, `${Math.round(residentMb)} MB resident, peak ${Math.round(peakMb)} MB`, {
    residentMb,
    peakMb,
  });
}

const row = (what: string, value: string, figures: Row['figures']): Row =>
  announced({ bench: 'estate', what, value, figures });

/** One host as the rules make it, and then again under other names. */
async function fill(directory: string, hosts: number): Promise<number> {
  progress(`estate: filling a log with ${grouped(hosts)} hosts`);
  mkdirSync(directory, { recursive: true });
  const template = commitsOfHost();
  const log = await openSqliteLog({ directory, synchronous: 'NORMAL' });
  let appends: Promise<Appended>[] = [];
  let facts = 0;
  for (let n = 0; n < hosts; n++) {
    let revision = -1;
    for (const commit of template) {
      const commandId = crypto.randomUUID();
      const named = commit.map((fact) => newFact(renamed(fact, n), AT));
      appends.push(
        log.append({
          stream: `host-${nameOf(n)}`,
          expected: revision < 0 ? 'none' : revision,
          commandId,
          actor: 'bench',
          correlation: commandId,
          facts: named,
        }),
      );
      revision += named.length;
      facts += named.length;
    }
    if (appends.length < OUTSTANDING) continue;
    await Promise.all(appends);
    appends = [];
    if (n % 1000 === 0) progress(`estate: ${grouped(n)} hosts`);
  }
  await Promise.all(appends);
  await log.close();
  return facts;
}

/** The facts of a host's setup: its boot, and each mdev with what is done to it as one commit. */
function commitsOfHost(): Fact[][] {
  const ids = (count: number): number[] => Array.from({ length: count }, (_, id) => id);
  const state = new HostState();
  const carriedOut = (command: Command): readonly Fact[] => {
    const decision = decide(state, command);
    if (decision.refusal !== undefined) throw new Error(decision.refusal.explanation);
    for (const fact of decision.facts) evolve(state, fact);
    return decision.facts;
  };
  const boot = carriedOut({
    type: 'RegisterHost',
    host: 'template',
    driver: '7.3',
    hardware: {
      qci: true,
      apxa: true,
      maxAdapter: 255,
      maxDomain: 255,
      adapters: ids(ADAPTERS),
      domains: ids(DOMAINS),
      controlDomains: ids(DOMAINS),
      cards: [],
    },
    boot: { apmask: '0x0', aqmask: '0x0' },
  });
  const mdevs = ids(MDEVS).map((n) => {
    const mdev = mdevOf(n);
    return [
      { type: 'CreateMdev', text: mdev } as const,
      { type: 'AssignAdapter', mdev, text: `${n % ADAPTERS}` } as const,
      { type: 'AssignDomain', mdev, text: `${n}` } as const,
      ...(n % 2 === 0 ? [{ type: 'StartGuest', mdev, guest: `guest${n}` } as const] : []),
    ].flatMap(carriedOut);
  });
  return [[...boot], ...mdevs];
}

const mdevOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** The same fact of another host, whose mdevs have UUIDs of their own. */
function renamed(fact: Fact, n: number): Fact {
  if (fact.type === 'HostRegistered') return { ...fact, data: { ...fact.data, host: nameOf(n) } };
  if (!('mdev' in fact.data)) return fact;
  const mdev = n.toString(16).padStart(8, '0') + fact.data.mdev.slice(8);
  return { ...fact, data: { ...fact.data, mdev } } as Fact;
}
