/**
 * The logs that are read here: a year of a fleet of 25 hosts, or of its largest host alone, decided by the rules and appended as the
 * command side does it, one commit a command. A size is built once a run, and removed at its end.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Appended,
  type EventLog,
  type JsonObject,
  type NewFact,
  openSqliteLog,
} from '@apledger/event-log';
import { type Fact, factVersion, type Generation, pack, streamOf } from '@apledger/events';
import { progress } from './measure.ts';
import { grouped } from './table.ts';
import { type HostShape, largeHost, randomFrom, Walk } from './walk.ts';

export interface History {
  /** Holds log.sqlite. */
  readonly directory: string;
  /** How many facts there are, and so the last position: what was asked for, and up to one command more. */
  readonly facts: number;
  readonly hosts: readonly string[];
  /** When the first and the last fact occurred, in milliseconds since 1970 UTC. */
  readonly from: number;
  readonly to: number;
}

const SEED = 20_260_101;
const FROM = Date.parse('2025-01-01T00:00:00.000Z');
const YEAR_MS = 365 * 24 * 3600 * 1000;
/** Appends under way: fills the log's groups, and bounds what waits in memory. */
const OUTSTANDING = 1024;

/** Most hosts are small, one is very large. */
function fleet(): HostShape[] {
  const sizes = [
    ...Array<Size>(10).fill({ adapters: 4, domains: 6, mdevs: 5 }),
    ...Array<Size>(10).fill({ adapters: 8, domains: 16, mdevs: 12 }),
    ...Array<Size>(4).fill({ adapters: 12, domains: 40, mdevs: 24 }),
    { adapters: 16, domains: 85, mdevs: 60 },
  ];
  const drivers: readonly Generation[] = ['6.12', '7.3', '2019-v2'];
  return sizes.map((size, n) => ({
    ...size,
    host: `lpar${n}`,
    driver: drivers[n % drivers.length] ?? '7.3',
  }));
}
type Size = Omit<HostShape, 'host' | 'driver'>;

/** A fact as the command handler hands it to the log. */
export const newFact = (fact: Fact, occurredAt: string): NewFact => ({
  type: fact.type,
  version: factVersion(fact.type),
  occurredAt,
  data: fact.data as unknown as JsonObject,
  packed: pack(fact),
});

/** Whose year it is: 25 hosts, or one with 1,360 queues and up to 60 mdevs. */
export type Population = 'fleet' | 'one host';
const shapesOf: Readonly<Record<Population, () => HostShape[]>> = {
  fleet,
  'one host': () => [largeHost('7.3')],
};

/** The logs of one run, each built when it is first asked for. */
export class Histories {
  readonly #scratch: string;
  readonly #built = new Map<string, Promise<History>>();

  constructor(scratch: string) {
    this.#scratch = scratch;
  }

  of(facts: number, population: Population = 'fleet'): Promise<History> {
    const name = `history-${population.replace(' ', '-')}-${facts}`;
    const known = this.#built.get(name);
    if (known !== undefined) return known;
    const built = build(join(this.#scratch, name), facts, population);
    this.#built.set(name, built);
    return built;
  }
}

async function build(directory: string, facts: number, population: Population): Promise<History> {
  progress(`building a log of ${grouped(facts)} facts, ${population}`);
  mkdirSync(directory, { recursive: true });
  // Nothing here has to survive a loss of power, and nothing that is measured writes to it.
  const log = await openSqliteLog({ directory, synchronous: 'NORMAL' });
  try {
    return { directory, ...(await fill(log, facts, shapesOf[population]())) };
  } finally {
    await log.close();
  }
}

async function fill(
  log: EventLog,
  facts: number,
  shapes: readonly HostShape[],
): Promise<Omit<History, 'directory'>> {
  const random = randomFrom(SEED);
  const walks = shapes.map((shape, n) => new Walk(shape, n));
  const revisions = walks.map(() => -1);
  const appends: Promise<Appended>[] = [];
  let count = 0;
  let clock = FROM;
  while (count < facts) {
    const who = Math.floor(random() * walks.length);
    const walk = walks[who];
    const revision = revisions[who] ?? -1;
    if (walk === undefined) continue;
    const { decision } = walk.step();
    if (decision.facts.length === 0) continue;
    clock = FROM + Math.floor((count / facts) * YEAR_MS);
    const occurredAt = new Date(clock).toISOString();
    const commandId = crypto.randomUUID();
    appends.push(
      log.append({
        stream: streamOf(walk.shape.host),
        expected: revision < 0 ? 'none' : revision,
        commandId,
        actor: 'uid=0(root)',
        correlation: commandId,
        facts: decision.facts.map((fact) => newFact(fact, occurredAt)),
      }),
    );
    revisions[who] = revision + decision.facts.length;
    count += decision.facts.length;
    if (appends.length >= OUTSTANDING) await Promise.all(appends.splice(0));
  }
  await Promise.all(appends);
  return { facts: count, hosts: walks.map(({ shape }) => shape.host), from: FROM, to: clock };
}

/** Facts of ordinary size for appends: the data of each is 200 to 300 bytes of JSON. */
export function ordinaryFacts(count: number): NewFact[] {
  const walk = new Walk({ host: 'ordinary', driver: '7.3', adapters: 12, domains: 40, mdevs: 24 }, SEED);
  const facts: NewFact[] = [];
  while (facts.length < count) {
    for (const fact of walk.step().decision.facts) {
      const size = JSON.stringify(fact.data).length;
      if (size >= 200 && size <= 300) facts.push(newFact(fact, new Date(FROM).toISOString()));
    }
  }
  return facts.slice(0, count);
}
