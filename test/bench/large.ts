/**
 * Long questions to a large log behind one service, and whether they hold up others: a report over all hosts beside a probe that asks for
 * nothing, and over one host of a million facts the custody of a queue, a search, and its report. Only when it is asked for: the logs
 * take minutes to fill.
 */
import { setTimeout } from 'node:timers/promises';
import { type Bench, type Context, sized } from './context.ts';
import { load, type Served, served } from './http-load.ts';
import { announced, progress, quantile } from './measure.ts';
import { aim, grouped, type Row, short } from './table.ts';

const LEDGER = new URL('../../services/ledger/bin/ledger.mjs', import.meta.url).pathname;
const FLEET_FACTS = 2_000_000;
const HOST_FACTS = 1_000_000;
const QUESTIONS = 1000;
/** Between two probes. */
const PROBE_EVERY_MS = 2;
/** What counts as a question that the index has answered; and how many of them in a row show that it is there. */
const INDEXED_MS = 50;
const INDEXED_TIMES = 20;

export const large: Bench = async (context) => [
  ...(await besideReport(context)),
  ...(await oneHost(context)),
];

async function besideReport(context: Context): Promise<Row[]> {
  const { directory, facts } = await context.histories.of(sized(context, FLEET_FACTS));
  const service = await served(LEDGER, '--data', directory, '--port', '0', '--no-seal');
  try {
    const rows = [await probed(service, 'alone', () => setTimeout(5000))];
    const report = (format: string) => async () => read(service, `/api/v1/report?format=${format}`);
    for (const format of ['csv', 'json'])
      rows.push(
        await probed(service, `beside a report as ${format}, ${grouped(facts)} facts`, report(format)),
      );
    return rows;
  } finally {
    await service.end();
  }
}

/** Asks for next to nothing, again and again, until the work is done. */
async function probed(service: Served, when: string, work: () => Promise<unknown>): Promise<Row> {
  progress(`large: probe ${when}`);
  const end = new AbortController();
  const began = performance.now();
  const done = work().finally(() => end.abort());
  const latencies: number[] = [];
  while (!end.signal.aborted) {
    const asked = performance.now();
    await read(service, '/healthz');
    latencies.push(performance.now() - asked);
    await setTimeout(PROBE_EVERY_MS);
  }
  await done;
  const [p50Ms, p999Ms, maxMs] = [0.5, 0.999, 1].map((q) => quantile(latencies, q));
  const figures = { p50Ms: p50Ms ?? 0, p999Ms: p999Ms ?? 0, maxMs: maxMs ?? 0, probes: latencies.length };
  const seconds = (performance.now() - began) / 1000;
  return announced({
    bench: 'large',
    what: `/healthz ${when}`,
    value: `p50 ${figures.p50Ms.toFixed(2)}, p99.9 ${figures.p999Ms.toFixed(1)}, max ${figures.maxMs.toFixed(0)} ms; ${seconds.toFixed(1)} s`,
    ...aim('p99.9 < 20 ms', figures.p999Ms, (value) => value < 20),
    figures: { ...figures, seconds },
  });
}

async function oneHost(context: Context): Promise<Row[]> {
  const { directory, facts, hosts } = await context.histories.of(sized(context, HOST_FACTS), 'one host');
  const [host = ''] = hosts;
  const service = await served(LEDGER, '--data', directory, '--port', '0', '--no-seal');
  try {
    const of = `${grouped(facts)} facts of one host`;
    const custody = (queue: string): string => `/api/v1/hosts/${host}/custody?apqn=${queue}`;
    const search = (n: number): string =>
      `/api/v1/events?host=${host}&text=guest${n % 60}&order=newest&limit=20`;
    const rows = [
      await until(service, `custody of a queue, first question, ${of}`, custody('00.0000'), () => true),
      await until(service, 'and all of its chain recomputed', custody('00.0000'), (body) =>
        isRecomputed(body),
      ),
      await until(service, `facts indexed, ${of}`, search(0), quick(INDEXED_TIMES)),
    ];
    const queues = (n: number): string =>
      `${(n % 16).toString(16).padStart(2, '0')}.${(n % 85).toString(16).padStart(4, '0')}`;
    const count = sized(context, QUESTIONS);
    rows.push(await timed(service, `custody of a queue, ${of}`, count, (n) => custody(queues(n))));
    const newest = (n: number): string => `${custody(queues(n))}&limit=1000`;
    rows.push(await timed(service, `its newest 1,000 periods, ${of}`, count, newest));
    rows.push(await timed(service, `search by a text, ${of}`, count, search));
    rows.push(await reported(service, host, of));
    return rows;
  } finally {
    await service.end();
  }
}

const isRecomputed = (body: string): boolean => {
  const { position, verification } = JSON.parse(body);
  return verification.upTo >= position;
};

/** True once so many in a row came quickly. */
function quick(times: number): (body: string, ms: number) => boolean {
  let row = 0;
  return (_, ms) => {
    row = ms < INDEXED_MS ? row + 1 : 0;
    return row >= times;
  };
}

/** How long it takes until the answers to a question are as wanted, from the first one on. */
async function until(
  service: Served,
  what: string,
  path: string,
  isWanted: (body: string, ms: number) => boolean,
): Promise<Row> {
  progress(`large: ${what}`);
  const began = performance.now();
  for (;;) {
    const asked = performance.now();
    const body = await read(service, path);
    if (isWanted(body, performance.now() - asked)) break;
    await setTimeout(100);
  }
  const seconds = (performance.now() - began) / 1000;
  return announced({ bench: 'large', what, value: `${seconds.toFixed(2)} s`, figures: { seconds } });
}

async function timed(
  service: Served,
  what: string,
  count: number,
  path: (n: number) => string,
): Promise<Row> {
  progress(`large: ${what}`);
  const { perSecond, latencies } = await load(service.port, { count, connections: 1 }, (n) => ({
    path: path(n),
  }));
  const [p50Ms, p99Ms] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
  return announced({
    bench: 'large',
    what,
    value: `p50 ${p50Ms.toFixed(2)}, p99 ${p99Ms.toFixed(2)} ms, ${short(perSecond)}/s`,
    ...aim('p99 < 50 ms', p99Ms, (value) => value < 50),
    figures: { p50Ms, p99Ms, perSecond },
  });
}

async function reported(service: Served, host: string, of: string): Promise<Row> {
  progress(`large: report, ${of}`);
  const began = performance.now();
  const text = await read(service, `/api/v1/hosts/${host}/report?format=csv`);
  const seconds = (performance.now() - began) / 1000;
  const lines = text.split('\n').length;
  return announced({
    bench: 'large',
    what: `report as CSV, ${of}`,
    value: `${seconds.toFixed(1)} s, ${grouped(lines)} lines`,
    ...aim('< 3 s', seconds, (value) => value < 3),
    figures: { seconds, lines },
  });
}

/** The body of an answer. Throws for one that says no. */
async function read({ port }: Served, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  const body = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${body.slice(0, 300)}`);
  return body;
}
