/** `apledger change …`: changes that somebody proposed, judged, carried out and taken back. */
import { CHANGE_STATUSES, type ChangeView, Problem, type Request } from '@apledger/api';
import { command, Failure, jsonLine, line } from '@apledger/command-line';
import type { ResumeWay } from '@apledger/events';
import { type Ledger, lastPosition } from '@apledger/ledger';
import { hostAsked, WRITES, withLedger } from '../ledger.ts';
import { json, place } from '../options.ts';
import { changeText, endStatus, headText } from './change-text.ts';
import { followChange } from './follow-change.ts';

const CHANGE = { name: 'change', description: 'as apledger change list shows it' } as const;
const REASON = {
  type: 'string',
  value: 'text',
  description: 'why, for the other person and for those who read the log',
  required: true,
} as const;

const propose = command({
  name: 'change propose',
  summary:
    'ask for a second person: steps, each a line as in a script; nothing is done before somebody else approves',
  positionals: [
    { name: 'step', description: "a line of a script, like 'echo +5 > /sys/bus/ap/apmask'", many: true },
  ],
  options: {
    ...place,
    host: { type: 'string', value: 'name', description: 'the host (default: the only one)' },
    reason: REASON,
    id: {
      type: 'string',
      value: 'name',
      description: 'what the change is called, CHG0012345 (default: made up)',
    },
    for: {
      type: 'string',
      value: 'length',
      description: 'how long it can be approved, like 8h (default: 7d)',
    },
    ...json,
  },
  examples: [
    "apledger change propose --host prod7 --reason 'CEX8 for web' 'echo +5 > /sys/bus/ap/apmask' --server https://ledger",
  ],
  run: ({ step, host, reason, id, for: length, json: isJson, ...where }, { output }) =>
    withLedger(
      where,
      output,
      async (ledger) => {
        const named = await hostAsked(ledger, host);
        const commands = await commandsOf(ledger, named, step);
        const more = {
          ...(id !== undefined && { change: id }),
          ...(length !== undefined && { for: length }),
        };
        const proposed = await ledger.ask('propose', { host: named, commands, reason, ...more } as never);
        const shown = await ledger.ask('change', { change: proposed.change });
        output.out(isJson ? jsonLine(shown) : changeText(shown));
        return 0;
      },
      WRITES,
    ),
});

/** What the steps ask the host for. Throws Failure for a step that would be refused. */
async function commandsOf(ledger: Ledger, host: string, steps: readonly string[]) {
  const { steps: supposed } = await ledger.ask('whatIf', { host, steps });
  for (const { step, outcome, refusal } of supposed)
    if (outcome === 'refused')
      throw new Failure(1, `${step}: ${refusal?.errno}: ${refusal?.explanation} ${refusal?.remedy}`.trim());
  const commands = supposed.flatMap((each) => each.commands);
  if (commands.length === 0) throw new Failure(2, 'These steps ask for nothing that changes the host.');
  return commands;
}

const list = command({
  name: 'change list',
  summary: 'print the changes that were proposed, the newest first',
  options: {
    ...place,
    host: { type: 'string', value: 'name', description: 'only of this host' },
    open: {
      type: 'boolean',
      description: 'only those that somebody has to judge; status 1 if there are any',
    },
    status: { type: 'string', value: 'status', choices: CHANGE_STATUSES, description: 'only these' },
    ...json,
  },
  examples: ['apledger change list --open', 'apledger change list --host prod7 --json'],
  run: ({ host, open, status = open ? 'proposed' : undefined, json: isJson, ...where }, { output }) =>
    withLedger(where, output, async (ledger) => {
      let isAny = false;
      const asked = { ...(host !== undefined && { host }), ...(status !== undefined && { status }) };
      for await (const each of changesOf(ledger, asked)) {
        output.out(isJson ? jsonLine(each) : line(headText(each)));
        isAny = true;
      }
      return open && isAny ? 1 : 0;
    }),
});

/** All of them, page by page. */
async function* changesOf(ledger: Ledger, asked: Request<'changes'>): AsyncGenerator<ChangeView> {
  let after: string | undefined;
  do {
    const page = await ledger.ask('changes', { ...asked, ...(after !== undefined && { after }) });
    yield* page.changes;
    after = page.next ?? undefined;
  } while (after !== undefined);
}

const show = command({
  name: 'change show',
  summary: 'print a change, what it would do to the host as it is now, and who gains and loses what',
  positionals: [CHANGE],
  options: { ...place, ...json },
  examples: ['apledger change show CHG-4711'],
  run: ({ change, json: isJson, ...where }, { output }) =>
    withLedger(where, output, async (ledger) => {
      const shown = await ledger.ask('change', { change });
      output.out(isJson ? jsonLine(shown) : changeText(shown));
      return 0;
    }),
});

const approve = command({
  name: 'change approve',
  summary: "agree to somebody else's change, to exactly what is shown; it is carried out at once",
  positionals: [CHANGE],
  options: {
    ...place,
    effect: {
      type: 'string',
      value: 'hash',
      description: 'only if its effect is still this, as change show printed it',
    },
    ...json,
  },
  examples: ['apledger change approve CHG-4711'],
  run: ({ change, effect, json: isJson, ...where }, { output, signal }) =>
    withLedger(
      where,
      output,
      async (ledger) => {
        const shown = await ledger.ask('change', { change });
        if (effect !== undefined && !(effect.length >= 8 && shown.change.effect.startsWith(effect)))
          throw new Problem(
            409,
            'effect-differs',
            `Change ${change} has the effect ${shown.change.effect.slice(0, 12)}, not ${effect}: look at it again.`,
          );
        if (!isJson) output.out(changeText(shown));
        const { work, effect: agreed } = shown.change;
        const after = await lastPosition(ledger);
        const done = await ledger.ask('approve', { change, work, effect: agreed });
        if (done.plan === null) {
          output.out(isJson ? jsonLine(done) : line(headText(done)));
          return endStatus(done);
        }
        const ended = await followChange(ledger, change, { after, json: isJson, output, signal });
        output.out(isJson ? jsonLine(ended) : changeText(ended));
        return endStatus(ended.change);
      },
      WRITES,
    ),
});

const ending = (name: 'refuse' | 'withdraw', summary: string) =>
  command({
    name: `change ${name}`,
    summary,
    positionals: [CHANGE],
    options: { ...place, reason: REASON, ...json },
    examples: [`apledger change ${name} CHG-4711 --reason 'not before Monday'`],
    run: ({ change, reason, json: isJson, ...where }, { output }) =>
      withLedger(
        where,
        output,
        async (ledger) => {
          const done = await ledger.ask(name, { change, reason });
          output.out(isJson ? jsonLine(done) : line(headText(done)));
          return 0;
        },
        WRITES,
      ),
  });

/** Says how a change goes on, and follows it. */
const going = (
  name: 'start' | 'confirm' | 'retry' | 'continue' | 'back' | 'leave',
  summary: string,
  go: (ledger: Ledger, change: string, reason: string) => Promise<ChangeView>,
) =>
  command({
    name: `change ${name}`,
    summary,
    positionals: [CHANGE],
    options: {
      ...place,
      reason: { type: 'string', value: 'text', description: 'why, for those who read the log' },
      ...json,
    },
    examples: [`apledger change ${name} CHG0012345`],
    run: ({ change, reason = 'as the command line asked', json: isJson, ...where }, { output, signal }) =>
      withLedger(
        where,
        output,
        async (ledger) => {
          const after = await lastPosition(ledger);
          await go(ledger, change, reason);
          const shown = await followChange(ledger, change, { after, json: isJson, output, signal });
          output.out(isJson ? jsonLine(shown) : changeText(shown));
          const { status } = shown.change;
          return status === WANTED[name] ? 0 : 1;
        },
        WRITES,
      ),
  });

/** How it ends when it goes as asked. */
const WANTED = {
  start: 'carried-out',
  confirm: 'carried-out',
  retry: 'carried-out',
  continue: 'carried-out',
  back: 'back',
  leave: 'left',
} as const;

const resuming = (how: ResumeWay, summary: string) =>
  going(how, summary, (ledger, change, reason) => ledger.ask('resume', { change, how, reason }));

const start = going(
  'start',
  'begin with the steps of a planned change that needs no second person',
  async (ledger, change) => {
    const { change: found } = await ledger.ask('change', { change });
    if (found.plan === null)
      throw new Failure(2, `Change ${change} has no plan: approving it carries it out.`);
    return ledger.ask('start', { change, planHash: found.plan.planHash });
  },
);

export const changeCommands = [
  propose,
  list,
  show,
  approve,
  ending('refuse', 'do not agree to a change; it is over then'),
  ending('withdraw', 'take your own proposal back'),
  start,
  going('confirm', 'confirm a change that would go back otherwise', (ledger, change) =>
    ledger.ask('confirm', { change }),
  ),
  resuming('retry', 'do the step again on which a change is held'),
  resuming('continue', 'go on with what is left of a held change, from the host as it is'),
  resuming('back', 'take back what a change has done'),
  resuming('leave', 'leave a held change as it is; it is over then'),
];
