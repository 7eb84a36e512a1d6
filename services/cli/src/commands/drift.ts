/** `apledger drift`: what a reboot would give, and where that is not what the host has now. Nothing is written. */
import { hostname } from 'node:os';
import {
  type BootSources,
  type CapturedFiles,
  COMMAND_LINE,
  detectGeneration,
  isBootSource,
  type Problem,
  readBootSources,
  readCaptured,
  Unreadable,
  unreadFiles,
} from '@apledger/capture';
import { command, Failure, jsonLine, line, type Output } from '@apledger/command-line';
import { type Drift, driftOf, type MdevConflict, type Now, nowOfObserved, nowOfState } from '@apledger/drift';
import { GENERATION_NAMES, type Generation, parseFact } from '@apledger/events';
import { hostNames, type Ledger, type Place } from '@apledger/ledger';
import { counted, visible } from '@apledger/text';
import { captureFiles, liveFiles } from '../capture/whole.ts';
import { thoseThere, withLedger } from '../ledger.ts';
import { json, place } from '../options.ts';

interface DriftOptions extends Place {
  readonly live?: string | undefined;
  readonly capture?: string | undefined;
  readonly driver?: Generation | undefined;
  readonly json?: boolean;
}

/** What is compared, and where it comes from. */
interface Seen {
  readonly host: string;
  readonly driver: string;
  /** For a person: `host zlp1`. */
  readonly called: string;
  /** For a person: when and by what it was seen. */
  readonly source: string;
  readonly now: Now;
  readonly sources: BootSources;
  readonly notes: readonly Problem[];
  /** What decides, and is not known. */
  readonly unknown: readonly Problem[];
}

/** Prints the drift. Status 0: a reboot changes nothing; 1: it does; 2: something that decides could not be read. */
async function drift(host: string | undefined, options: DriftOptions, output: Output): Promise<number> {
  const { live, capture } = options;
  if (live !== undefined && capture !== undefined) throw new Failure(2, 'Give either --live or --capture.');
  const seen =
    live !== undefined
      ? seenInFiles(liveFiles(live), live, host ?? hostname(), options)
      : capture !== undefined
        ? seenInFiles(await captureFiles(capture), capture, host, options)
        : await withLedger(options, output, (ledger) => seenByLedger(ledger, host));
  const found = driftOf(seen.now, seen.sources);
  const { unknown } = seen;
  const notes = unique([...seen.notes, ...found.notes]);
  if (options.json) {
    const { host: name, driver, source } = seen;
    output.out(jsonLine({ host: name, driver, source, ...found, notes, unknown }));
  } else output.out(driftText(seen, found, notes));
  if (unknown.length > 0) {
    output.err(
      line(
        visible(
          `drift: ${unknown.map(({ where, what }) => `${where}: ${what}`).join('; ')}. A reboot may give something else.`,
        ),
      ),
    );
    return 2;
  }
  return found.differences.length + found.conflicts.length > 0 ? 1 : 0;
}

function seenInFiles(
  files: CapturedFiles,
  from: string,
  host: string | undefined,
  { driver }: DriftOptions,
): Seen {
  const { host: observed, problems } = readable(() => readCaptured(files, from));
  const detected = detectGeneration(observed);
  const kept = readBootSources(files);
  const generation = driver ?? detected.driver;
  const unknown = unknownOf(unreadFiles(files), kept.problems);
  const name = host ?? 'host';
  return {
    host: name,
    called: host === undefined ? 'this host' : `host ${host}`,
    driver: driver ?? `${detected.driver} (${detected.evidence})`,
    source: from,
    now: nowOfObserved(observed, name, generation),
    sources: kept.sources,
    notes: unique([...problems.filter(({ where }) => where !== COMMAND_LINE), ...kept.notes]).filter(
      ({ where, what }) => !unknown.some((other) => other.where === where && other.what === what),
    ),
    unknown,
  };
}

/** Of the files that were not read only those that decide. */
const unknownOf = (unread: readonly Problem[], unclear: readonly Problem[]): Problem[] =>
  unique([...unread.filter(({ where }) => isBootSource(where)), ...unclear]);

/** Both readings read the command line and the definitions. */
const unique = (problems: readonly Problem[]): Problem[] => [
  ...new Map(problems.map((problem) => [`${problem.where} ${problem.what}`, problem])).values(),
];

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unreadable) throw new Failure(2, error.message, error);
    throw error;
  }
}

async function seenByLedger(ledger: Ledger, host: string | undefined): Promise<Seen> {
  if (host === undefined)
    throw new Failure(2, 'Name a host of the ledger, or give --live / or --capture FILE.');
  const state = await ledger.state(host);
  if (state === undefined)
    throw new Failure(2, `There is no host ${host}. ${thoseThere(await hostNames(ledger))}`);
  let newest:
    | { readonly at: string; readonly files: CapturedFiles; readonly unread: readonly Problem[] }
    | undefined;
  for await (const recorded of ledger.facts({ host, types: ['BootFilesSeen'] })) {
    const fact = parseFact(recorded.type, recorded.version, recorded.data);
    if (fact.type === 'BootFilesSeen')
      newest = {
        at: recorded.occurredAt,
        files: new Map(fact.data.files.map(({ file, text }) => [file, { text }])),
        unread: fact.data.unread.map(({ file, reason }) => ({ where: file, what: reason })),
      };
  }
  if (newest === undefined)
    throw new Failure(
      2,
      `No agent has seen what host ${host} keeps for its next boot. Run apledger agent there, or give --live / or --capture FILE.`,
    );
  const { sources, problems, notes } = readBootSources(newest.files);
  return {
    host,
    called: `host ${host}`,
    driver: state.driver,
    source: `the agent, ${newest.at}`,
    now: nowOfState(state),
    sources,
    notes,
    unknown: unknownOf(newest.unread, problems),
  };
}

function driftText(
  { called, driver, source }: Seen,
  { differences, conflicts }: Drift,
  notes: readonly Problem[],
): string {
  const lines = [
    `What a reboot of ${called} would change, driver ${driver}, by ${source}. Nothing is written.`,
    ...differences.flatMap(({ what, now, afterReboot, why }) => [
      `${what}`,
      `  now:          ${now}`,
      `  after reboot: ${afterReboot} (${why})`,
    ]),
    ...conflicts.flatMap(conflictText),
    ...notes.map(({ where, what }) => `note: ${where}: ${what}`),
    differences.length + conflicts.length === 0
      ? 'A reboot changes nothing.'
      : `${counted(differences.length, 'difference')}, ${counted(conflicts.length, 'conflict')}`,
  ];
  return lines.map((text) => line(visible(text))).join('');
}

function conflictText({ mdevs, outcomes, ordersTried, isWhole }: MdevConflict): string[] {
  return [
    `conflict: ${counted(mdevs.length, 'mdev')} in each other's way; mdevctl starts them in an order that nothing defines`,
    ...outcomes.flatMap(({ order, started, refused }) => [
      `  ${order.join(', then ')}:`,
      ...started.map((mdev) => `    ${mdev} comes up`),
      ...refused.map(({ mdev, errno, explanation }) => `    ${mdev} does not: ${errno} ${explanation}`),
    ]),
    `  ${isWhole ? `all ${counted(ordersTried, 'order')} tried` : `only ${counted(ordersTried, 'order')} tried: each mdev was first once`}`,
  ];
}

export const driftCommand = command({
  name: 'drift',
  summary: 'what a reboot of a host would change, and why; nothing is written',
  positionals: [
    {
      name: 'host',
      description: 'a host that an agent watches; with --live or --capture just its name',
      optional: true,
    },
  ],
  options: {
    live: { type: 'string', value: 'dir', description: 'look at the files of this machine, below /' },
    capture: { type: 'string', value: 'file', description: 'look at a tar of apledger capture' },
    driver: {
      type: 'string',
      value: 'generation',
      choices: GENERATION_NAMES,
      description:
        'with --live or --capture: whose rules decide (default: by the files and the kernel version)',
    },
    ...place,
    ...json,
  },
  examples: ['apledger drift zlp1', 'apledger drift --live /', 'apledger drift --capture host.tar --json'],
  run: ({ host, ...options }, { output }) => drift(host, options, output),
});
