/**
 * Commands decided a second on the largest host, 1,360 queues and up to 60 mdevs: by the rules alone, and by the command handler with a log
 * behind it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CommandHandler } from '@apledger/command-handler';
import { decide as decideCommand } from '@apledger/driver';
import { type EventLog, openMemoryLog, openSqliteLog } from '@apledger/event-log';
import { type Command, GENERATION_NAMES, type Generation, pack } from '@apledger/events';
import { evolve, evolvePacked, HostState } from '@apledger/host';
import { type Bench, type Context, sized } from './context.ts';
import { type Contender, median, ratio, seconds, takeRounds } from './measure.ts';
import { type Row, range, short, times } from './table.ts';
import { largeHost, Walk } from './walk.ts';

const ROUNDS = 5;
const SEED = 4;
const DECISIONS = 10_000;
const ALONE = 2000;
const HOSTS = 64;
/** Commands of each of many hosts. */
const EACH = 100;
const HANDLED = '7.3';

const FOLD = `facts folded, packed, ${HANDLED}`;
const MEMORY = 'command handler, memory log, 1 host';
const SQLITE = 'command handler, SQLite FULL, 1 host';
const SQLITE_HOSTS = `command handler, SQLite FULL, ${HOSTS} hosts at once`;
const rules = (generation: Generation): string => `the rules alone, ${generation}`;

export const decide: Bench = async (context) => {
  const opening = openingCommands();
  const memory = async (): Promise<number> =>
    handled(await openMemoryLog(), opening, stepCommands(sized(context, ALONE)), 1);
  const rounds = await takeRounds(
    ROUNDS,
    [
      ...GENERATION_NAMES.map((generation) => pure(generation, sized(context, DECISIONS))),
      { name: FOLD, perSecond: folded(sized(context, DECISIONS)) },
      { name: MEMORY, perSecond: memory },
      { name: SQLITE, perSecond: () => onDisk(context, opening, sized(context, ALONE), 1) },
      { name: SQLITE_HOSTS, perSecond: () => onDisk(context, opening, sized(context, EACH), HOSTS) },
    ],
    'decide',
  );
  const names = [...GENERATION_NAMES.map(rules), FOLD, MEMORY, SQLITE, SQLITE_HOSTS];
  return names.map((name): Row => {
    const values = rounds.get(name) ?? [];
    const perSecond = median(values);
    const toRules = name.startsWith('command') ? ratio(rounds, name, rules(HANDLED)) : undefined;
    const text = times(toRules, 'the rules alone');
    return {
      bench: 'decide',
      what: name,
      value: `${short(perSecond)}/s`,
      spread: range(values),
      ...(text === undefined ? {} : { ratio: text }),
      figures: { perSecond, ...(toRules === undefined ? {} : { ratio: toRules }) },
    };
  });
};

/**
 * Decides recorded commands on one host, which each of them finds as it was when they were recorded, and in the processor's cache, as a
 * command handler has it. Only `decide` is timed.
 */
function pure(generation: Generation, count: number): Contender {
  let start: HostState | undefined;
  let commands: readonly Command[] = [];
  return {
    name: rules(generation),
    perSecond: async () => {
      if (start === undefined) ({ start, commands } = recorded(generation, count));
      const state = start.fork();
      let taken = 0;
      for (const command of commands) {
        const from = performance.now();
        const { facts } = decideCommand(state, command);
        taken += performance.now() - from;
        for (const fact of facts) evolve(state, fact);
      }
      return (1000 * commands.length) / taken;
    },
  };
}

/** Folds the packed facts of a host's whole life, from the first one. */
function folded(count: number): () => Promise<number> {
  let facts: readonly Uint8Array[] = [];
  return async () => {
    if (facts.length === 0) {
      const walk = new Walk(largeHost(HANDLED), SEED);
      const decisions = Array.from({ length: count }, () => walk.step().decision);
      facts = decisions.flatMap((decision) => decision.facts.map((fact) => pack(fact)));
    }
    const taken = await seconds(() => {
      const state = new HostState();
      for (const bytes of facts) evolvePacked(state, bytes, 0, bytes.length);
    });
    return facts.length / taken;
  };
}

/** Commands of ordinary life, and the host that has been set up for them. */
function recorded(generation: Generation, count: number): { start: HostState; commands: Command[] } {
  const walk = new Walk(largeHost(generation), SEED);
  while (!walk.isOpened) walk.step();
  const { before: start, command } = walk.step();
  return { start, commands: [command, ...Array.from({ length: count - 1 }, () => walk.step().command)] };
}

const stepCommands = (count: number): readonly Command[] => recorded(HANDLED, count).commands;

function openingCommands(): Command[] {
  const walk = new Walk(largeHost(HANDLED), SEED);
  const commands: Command[] = [];
  while (!walk.isOpened) commands.push(walk.step().command);
  return commands;
}

async function onDisk(
  context: Context,
  opening: readonly Command[],
  each: number,
  hosts: number,
): Promise<number> {
  const directory = mkdtempSync(join(context.scratch, 'decide-'));
  try {
    const log = await openSqliteLog({ directory, synchronous: 'FULL' });
    return await handled(log, opening, stepCommands(each), hosts);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Commands a second over all hosts, each host one command after the other; setting them up is not timed. */
async function handled(
  log: EventLog,
  opening: readonly Command[],
  commands: readonly Command[],
  hosts: number,
): Promise<number> {
  const handler = new CommandHandler(log);
  const submitAll = async (host: string, all: readonly Command[]): Promise<void> => {
    for (const command of all) {
      const named = command.type === 'RegisterHost' ? { ...command, host } : command;
      await handler.submit({ host, command: named, actor: 'uid=0(root)' });
    }
  };
  const everywhere = (all: readonly Command[]): Promise<unknown> =>
    Promise.all(Array.from({ length: hosts }, (_, n) => submitAll(`lpar${n}`, all)));
  await everywhere(opening);
  const taken = await seconds(() => everywhere(commands));
  await log.close();
  return (commands.length * hosts) / taken;
}
