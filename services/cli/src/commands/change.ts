/** `apledger change …`: changes that need a second person. */
import { type ChangeView, type Judgement, Problem, type Reply } from '@apledger/api';
import { command, Failure, jsonLine, line } from '@apledger/command-line';
import type { Ledger } from '@apledger/ledger';
import { describeChange } from '@apledger/projections/host';
import { visible } from '@apledger/text';
import { hostAsked, withLedger } from '../ledger.ts';
import { json, place } from '../options.ts';

const CHANGE = { name: 'change', description: 'as apledger change list shows it' } as const;
const REASON = {
  type: 'string',
  value: 'text',
  description: 'why, for the other person and for those who read the log',
  required: true,
} as const;
const WRITES = { readOnly: false } as const;
type Shown = Reply<'change'>;

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
    ...json,
  },
  examples: ['apledger change list --open', 'apledger change list --host prod7 --json'],
  run: ({ host, open, json: isJson, ...where }, { output }) =>
    withLedger(where, output, async (ledger) => {
      const asked = { ...(host !== undefined && { host }), ...(open && { status: 'proposed' }) };
      const { changes } = await ledger.ask('changes', asked as never);
      for (const each of changes) output.out(isJson ? jsonLine(each) : line(headText(each)));
      return open && changes.length > 0 ? 1 : 0;
    }),
});

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
  run: ({ change, effect, json: isJson, ...where }, { output }) =>
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
        const done = await ledger.ask('approve', { change, work, effect: agreed });
        output.out(isJson ? jsonLine(done) : line(headText(done)));
        return done.status === 'carried-out' ? 0 : 1;
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

const somebody = (subject: ChangeView['proposedBy']): string =>
  subject === null ? 'who has the log itself' : visible(`${subject.issuer}#${subject.subject}`);

const headText = ({ change, host, status, reason, proposedBy, proposedAt, ended }: ChangeView): string =>
  `${change}  ${host}  ${status}  ${proposedAt}  ${somebody(proposedBy)}: ${visible(reason)}${ended?.reason ? `  (${visible(ended.reason)})` : ''}`;

function changeText({ change, now }: Shown): string {
  const commands = change.commands?.map((each) => `  ${visible(JSON.stringify(each))}`) ?? ['  a plan'];
  const judged = now === null ? [] : judgementLines(now);
  const can =
    change.status !== 'proposed'
      ? []
      : [change.mayApprove ? 'You may approve or refuse it.' : `You may not approve it: ${change.whyNot}.`];
  return [headText(change), ...commands, `effect ${change.effect.slice(0, 12)}`, ...judged, ...can]
    .map(line)
    .join('');
}

function judgementLines({ gives, takes, changes, isAsProposed, refusal }: Judgement): string[] {
  const holders = (verb: string, list: Judgement['gives']) =>
    list.map(({ holder, queues, controlDomains }) => {
      const domains = controlDomains.length === 0 ? '' : `; control domains ${controlDomains.join(', ')}`;
      return `  ${visible(holder)} ${verb} ${queues.join(', ')}${domains}`;
    });
  return [
    isAsProposed
      ? 'As the host is now, it would do what was proposed:'
      : 'The host is another by now. It would do something else than was proposed:',
    ...(refusal === null ? [] : [`  the driver would refuse it: ${refusal}`]),
    ...holders('gains', gives),
    ...holders('loses', takes),
    ...changes.map((each) => `  ${describeChange(each)}`),
  ];
}

export const changeCommands = [
  propose,
  list,
  show,
  approve,
  ending('refuse', 'do not agree to a change; it is over then'),
  ending('withdraw', 'take your own proposal back'),
];
