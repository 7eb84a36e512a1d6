/** `apledger import FILE...`: a host of the ledger from files of a real one. */
import { hostname, userInfo } from 'node:os';
import { basename } from 'node:path';
import type { Receipt } from '@apledger/api';
import {
  detectGeneration,
  differences,
  merged,
  type ObservedHost,
  type Problem,
  registrationOf,
  STAGES,
  unsaid,
} from '@apledger/capture';
import { command, Failure, jsonLine, line, type Output } from '@apledger/command-line';
import {
  type Command,
  GENERATION_NAMES,
  type Generation,
  HOST_NAME_FORM,
  isHostName,
} from '@apledger/events';
import type { HostState } from '@apledger/host';
import type { Ledger, Place } from '@apledger/ledger';
import { counted, visible } from '@apledger/text';
import { readFiles } from '../capture/read-files.ts';
import { withLedger } from '../ledger.ts';
import { json, place } from '../options.ts';
import { refusalLines } from '../refusal-lines.ts';

interface ImportOptions extends Place {
  readonly host: string;
  readonly driver?: Generation | undefined;
  readonly json: boolean;
}

/** Imports the files; the status is 1 when a step was refused, or when the host is not what was seen. */
async function importFiles(
  files: readonly string[],
  options: ImportOptions,
  output: Output,
): Promise<number> {
  if (!isHostName(options.host))
    throw new Failure(2, `--host ${options.host}: a host's name has ${HOST_NAME_FORM}.`);
  const readings = await readFiles(files);
  const observed = merged(readings.map(({ host }) => host));
  const printer = new Printer(output, options.json);
  for (const problem of readings.flatMap(({ problems }) => problems)) printer.problem('file', problem);
  return withLedger(options, output, (ledger) => make(ledger, files, observed, options, printer), {
    readOnly: false,
  });
}

async function make(
  ledger: Ledger,
  files: readonly string[],
  observed: ObservedHost,
  { host, driver: asked }: ImportOptions,
  printer: Printer,
): Promise<number> {
  if ((await ledger.state(host)) !== undefined)
    throw new Failure(
      2,
      `There is a host ${host} already, and nothing was done. Give another name with --host.`,
    );
  const detected = detectGeneration(observed);
  const driver = asked ?? detected.driver;
  const { command: registration, problems } = registrationOf(observed, host, driver);
  for (const problem of [...problems, ...unsaid(observed)]) printer.problem('unsaid', problem);
  const given = new Giver(ledger, host, files, printer);
  const made = await given.give(registration);
  if (made.refusal !== undefined) return 1;
  for (const stage of STAGES)
    for (const next of stage(await stateOf(ledger, host), observed)) await given.give(next);
  const state = await stateOf(ledger, host);
  const different = differences(state, observed);
  for (const problem of different) printer.problem('difference', problem);
  const { given: commands, refused } = given;
  const driverText = asked === undefined ? `driver ${driver} (${detected.evidence})` : `driver ${driver}`;
  printer.summary(host, driverText, state, { commands, refused, differences: different.length });
  return refused > 0 || different.length > 0 ? 1 : 0;
}

async function stateOf(ledger: Ledger, host: string): Promise<HostState> {
  const state = await ledger.state(host);
  if (state === undefined) throw new Failure(2, `The host ${host} is gone from the ledger.`);
  return state;
}

/** Gives the commands of one import, and counts them. */
class Giver {
  given = 0;
  refused = 0;
  readonly #ledger: Ledger;
  readonly #host: string;
  readonly #actor: string;
  readonly #correlation = crypto.randomUUID();
  readonly #printer: Printer;

  constructor(ledger: Ledger, host: string, files: readonly string[], printer: Printer) {
    this.#ledger = ledger;
    this.#host = host;
    this.#printer = printer;
    const names = files.map((file) => (file === '-' ? 'stdin' : basename(file)));
    this.#actor = visible(`${userInfo().username}@${hostname()} import ${names.join(' ')}`).slice(
      0,
      MAX_ACTOR,
    );
  }

  async give(next: Command): Promise<Receipt> {
    const receipt = await this.#ledger.submit({
      host: this.#host,
      command: next,
      actor: this.#actor,
      correlation: this.#correlation,
    });
    this.given++;
    if (receipt.refusal !== undefined) this.refused++;
    this.#printer.step(next, receipt);
    return receipt;
  }
}

/** The log takes no longer name of an actor. */
const MAX_ACTOR = 200;

interface Counts {
  readonly commands: number;
  readonly refused: number;
  readonly differences: number;
}

class Printer {
  readonly #output: Output;
  readonly #isJson: boolean;

  constructor(output: Output, isJson: boolean) {
    this.#output = output;
    this.#isJson = isJson;
  }

  /** `file`: not understood; `unsaid`: no file says it; `difference`: the host in the ledger is not what was seen. */
  problem(kind: 'file' | 'unsaid' | 'difference', { where, what }: Problem): void {
    if (this.#isJson) this.#output.out(jsonLine({ kind, where, what }));
    else this.#output.err(line(`${kind === 'difference' ? 'differs' : 'import'}: ${where}: ${what}`));
  }

  step(given: Command, { refusal }: Receipt): void {
    if (this.#isJson) {
      this.#output.out(jsonLine({ kind: 'command', command: given, refusal: refusal ?? null }));
    } else if (refusal !== undefined) {
      const { type, ...rest } = given;
      const fields = type === 'RegisterHost' ? '' : ` ${Object.values(rest).join(' ')}`;
      this.#output.err(line(`refused: ${type}${fields}`));
      this.#output.err(refusalLines(refusal));
    }
  }

  summary(host: string, driver: string, { cards, mdevs }: HostState, counts: Counts): void {
    const all = [...cards.values()];
    const queues = all.reduce((sum, card) => sum + card.queues.size, 0);
    const guests = [...mdevs.values()].filter(({ guest }) => guest !== null).length;
    if (this.#isJson) {
      this.#output.out(
        jsonLine({
          kind: 'host',
          host,
          driver,
          cards: all.length,
          queues,
          mdevs: mdevs.size,
          guests,
          ...counts,
        }),
      );
      return;
    }
    this.#output.out(line(`host ${host}: ${driver}`));
    this.#output.out(
      line(
        `${counted(all.length, 'card')}, ${counted(queues, 'queue')}, ${counted(mdevs.size, 'mdev')}, ${counted(guests, 'guest')}; ${counted(counts.commands, 'command')}, ${counts.refused} refused, ${counted(counts.differences, 'difference')}`,
      ),
    );
  }
}

export const importCommand = command({
  name: 'import',
  summary: 'make a host of the ledger from files of a real one',
  positionals: [
    {
      name: 'files',
      description:
        'of one host: a tar of capture, mdevctl list -d --dumpjson, virsh nodedev-dumpxml, lszcrypt -V, 41-ap.rules, a kernel command line; - reads standard input. What an earlier file says stands',
      many: true,
    },
  ],
  options: {
    host: { type: 'string', value: 'name', description: 'what the new host is called', required: true },
    driver: {
      type: 'string',
      value: 'generation',
      choices: GENERATION_NAMES,
      description: 'whose rules decide (default: by the files and the kernel version)',
    },
    ...place,
    ...json,
  },
  examples: [
    'apledger import host.tar --host zlp2',
    'apledger import lszcrypt-V.txt 41-ap.rules mdevctl.json --host zlp2 --data ledger',
  ],
  run: ({ files, ...options }, { output }) => importFiles(files, options, output),
});
