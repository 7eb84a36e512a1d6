/** The command `apledger`: reads the arguments, calls one of the commands beside this file, tells how it ended. */
import { ApiProblem, Unreachable } from '@apledger/client';
import { LogError } from '@apledger/event-log';
import { InvalidFact, UnknownFact } from '@apledger/events';
import { ImpossibleFact } from '@apledger/host';
import { BrokerError } from '@apledger/subscriber';
import { visibleLines } from '@apledger/text';
import { Command, CommanderError, Option } from 'commander';
import { conform } from './conform.ts';
import { demo } from './demo.ts';
import { Failure } from './failure.ts';
import { labCommands } from './lab/commands.ts';
import { natsOptions } from './nats.ts';
import { data, host, json, log } from './options.ts';
import { line, type Output, processOutput } from './output.ts';
import { custody, exposure, guestHistory } from './queries/custody.ts';
import { diff } from './queries/diff.ts';
import { events } from './queries/events.ts';
import { rebuild } from './queries/rebuild.ts';
import { replay } from './queries/replay.ts';
import { FORMATS, report } from './queries/report.ts';
import { show, type Thing } from './queries/show.ts';
import { verify } from './queries/verify.ts';
import { whatIf } from './queries/what-if.ts';
import { relay } from './relay.ts';
import { run } from './run.ts';
import { tail } from './tail.ts';

/** Runs one command; resolves with its exit status: 0 done, 1 failed or found something wrong, 2 could not be carried out. */
export async function main(args: readonly string[], output: Output = processOutput): Promise<number> {
  let status = 0;
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const end = async (work: Promise<number>): Promise<void> => {
    status = await work;
  };
  try {
    const [own, command] = splitAtDashes(args);
    await program(output, end, interrupt.signal, command).parseAsync(own, { from: 'user' });
    return status;
  } catch (error) {
    return explain(error, output);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** `lab mount … -- COMMAND ARGS…`: what follows the dashes is not ours to read. */
function splitAtDashes(args: readonly string[]): [own: readonly string[], command: readonly string[]] {
  const at = args[0] === 'lab' ? args.indexOf('--') : -1;
  return at < 0 ? [args, []] : [args.slice(0, at), args.slice(at + 1)];
}

/** Errors whose message is meant for a person; any other is a defect, and its stack trace is wanted. */
const EXPLAINED = [
  Failure,
  LogError,
  BrokerError,
  ApiProblem,
  Unreachable,
  UnknownFact,
  InvalidFact,
  ImpossibleFact,
];

function explain(error: unknown, output: Output): number {
  // Commander has printed its own message; asking for help is no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!EXPLAINED.some((kind) => error instanceof kind)) throw error;
  output.err(line(`apledger: ${(error as Error).message}`));
  return error instanceof Failure ? error.status : 2;
}

function program(
  output: Output,
  end: (work: Promise<number>) => Promise<void>,
  signal: AbortSignal,
  afterDashes: readonly string[],
): Command {
  const apledger = new Command('apledger')
    .description(
      'The ledger of crypto adapter assignments: who could use which AP queue, when, and who changed it.',
    )
    .option('--server <url>', 'ask a running service, http://127.0.0.1:8642, instead of a log here')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.out(text),
      writeErr: (text) => output.err(visibleLines(text)),
    })
    .showHelpAfterError('(apledger --help shows all commands)');
  const command = (usage: string, description: string): Command =>
    apledger.command(usage).description(description).copyInheritedSettings(apledger);
  apledger.hook('preAction', (_, acting) => passServer(apledger, acting));

  command(
    'run <file>',
    'run a script in the shell spelling of the kernel documentation; - reads standard input',
  )
    .addOption(new Option('--data <dir>', 'append to the log there (default: a log in memory)'))
    .addOption(log())
    .addOption(new Option('-x, --trace', 'print every line before it is carried out'))
    .addOption(json())
    .action((file, options) => end(run(file, options, output)));
  command('show <thing> [name]', 'show the matrix of a host, an mdev or a guest')
    .addOption(data())
    .addOption(log())
    .addOption(host())
    .addOption(new Option('--at <time>', 'as of this time, like "2026-11-17 09:14"'))
    .addOption(new Option('--position <n>', 'as of this position of the log'))
    .addOption(json())
    .action((thing, name, options) => end(show(thingOf(thing), name, options, output)));
  command('events', 'print the facts of the log')
    .addOption(data())
    .addOption(log())
    .addOption(host())
    .addOption(new Option('--type <types>', 'only facts of these types, separated by commas'))
    .addOption(new Option('--since <time>', 'only facts from this time on'))
    .addOption(new Option('--follow', 'go on with facts as they arrive, until Ctrl-C'))
    .addOption(json())
    .action((options) => end(events(options, output, signal)));
  const moment = 'a position of the log, or a time';
  command(
    'replay',
    'print every command with what it changed in the matrices, who gave it and why it was refused',
  )
    .addOption(data())
    .addOption(log())
    .addOption(host())
    .addOption(new Option('--from <moment>', `from here: ${moment}`))
    .addOption(new Option('--to <moment>', `up to here: ${moment}`))
    .addOption(json())
    .action((options) => end(replay(options, output)));
  command('diff', 'print what differs between two moments')
    .addOption(data())
    .addOption(log())
    .addOption(host())
    .requiredOption('--from <moment>', moment)
    .option('--to <moment>', `${moment} (default: now)`)
    .addOption(json())
    .action((options) => end(diff(options, output)));
  command(
    'what-if <step...>',
    'say what steps, each a line as in a script, would do to a host, and to who uses it; nothing is recorded',
  )
    .addOption(data())
    .addOption(log())
    .addOption(new Option('--host <name>', 'the host (default: the only one)'))
    .addOption(new Option('--at <moment>', `as of then: ${moment}`))
    .addOption(json())
    .action((steps, options) => end(whatIf(steps, options, output)));
  command('verify', 'recompute the hash chains: is this log the one that was written?')
    .addOption(data())
    .addOption(log())
    .addOption(
      new Option(
        '--heads <file>',
        'compare with the heads in an earlier output of verify --json, or report --format json',
      ),
    )
    .addOption(json())
    .action((options) => end(verify(options, output)));
  command('rebuild', 'forget the read model and fold the whole log again')
    .addOption(data())
    .addOption(log())
    .addOption(json())
    .action((options) => end(rebuild(options, output)));
  command('conform [files...]', "replay differential vectors and compare with the kernel's answers")
    .option('--kernels', 'say which generation of the driver the kernels of distributions run')
    .addOption(json())
    .action((files, options) => end(conform(files, options, output)));
  command('demo', 'play the worked example of the founding document, unless the log has facts already')
    .addOption(data())
    .addOption(log())
    .action((options) => end(demo(options, output)));
  custodyCommands(command, output, end);
  messageCommands(command, output, end, signal);
  labCommands(
    command('lab', "show a simulated host's /sys as a real file system, for real tools"),
    output,
    end,
    signal,
    afterDashes,
  );
  return apledger;
}

/** The commands that a service answers as a log does. */
const REMOTE: ReadonlySet<string> = new Set([
  'run',
  'show',
  'events',
  'replay',
  'diff',
  'what-if',
  'verify',
  'rebuild',
  'custody',
  'guest-history',
  'exposure',
  'report',
]);

/** `--server` may stand before the command: it is one of its options all the same. */
function passServer(apledger: Command, acting: Command): void {
  const { server } = apledger.opts<{ server?: string }>();
  if (server === undefined) return;
  if (!REMOTE.has(acting.name()))
    throw new Failure(2, `${acting.name()} is not for --server; ${[...REMOTE].join(', ')} are.`);
  acting.setOptionValue('server', server);
}

/** The commands about who could use which queue. */
function custodyCommands(
  command: (usage: string, description: string) => Command,
  output: Output,
  end: (work: Promise<number>) => Promise<void>,
): void {
  const overSpan = (usage: string, description: string): Command =>
    command(usage, description)
      .addOption(data())
      .addOption(log())
      .addOption(host())
      .addOption(new Option('--from <moment>', 'only what was still so after this position or time'))
      .addOption(new Option('--to <moment>', 'as of this position or time (default: now)'));
  overSpan(
    'custody <apqn>',
    'print who could use a queue, from when to when, by which fact, and whether it was reset',
  )
    .addOption(json())
    .action((apqn, options) => end(custody(apqn, options, output)));
  overSpan('guest-history <name>', 'print when a guest ran and which queues it could use')
    .addOption(json())
    .action((name, options) => end(guestHistory(name, options, output)));
  overSpan(
    'exposure',
    'print queues that were handed on without a reset, and what is left open now; status 1 if any',
  )
    .addOption(json())
    .action((options) => end(exposure(options, output)));
  overSpan('report', 'write an audit report with the hash-chain heads that it rests on')
    .addOption(new Option('--guest <name>', 'only what concerns this guest'))
    .addOption(new Option('--format <format>', 'of the report').choices(FORMATS).default('md'))
    .addOption(new Option('--output <file>', 'write to this file (default: standard output)'))
    .action((options) => end(report(options, output)));
}

/** The commands that speak NATS. */
function messageCommands(
  command: (usage: string, description: string) => Command,
  output: Output,
  end: (work: Promise<number>) => Promise<void>,
  signal: AbortSignal,
): void {
  const withNats = (usage: string, description: string): Command =>
    natsOptions().reduce((made, option) => made.addOption(option), command(usage, description));
  withNats('relay', 'publish the facts of the log on NATS JetStream, until SIGTERM')
    .addOption(data())
    .addOption(log())
    .addOption(new Option('--replicas <n>', 'copies of the stream when it is created: 1 or 3 (default: 1)'))
    .action((options) => end(relay(options, output, signal)));
  withNats('tail', 'print facts as a relay publishes them on NATS, until Ctrl-C')
    .addOption(host())
    .addOption(new Option('--mdev <uuid>', 'only facts about this mdev'))
    .addOption(
      new Option('--guest <name>', 'only facts about the mdev that this guest has open, while it has'),
    )
    .addOption(new Option('--type <types>', 'only facts of these types, separated by commas'))
    .addOption(new Option('--since <time>', 'first what was recorded from this time on'))
    .addOption(json())
    .action((options) => end(tail(options, output, signal)));
}

function thingOf(text: string): Thing {
  if (text === 'host' || text === 'mdev' || text === 'guest') return text;
  throw new Failure(2, `show ${text}: there are host, mdev and guest.`);
}
