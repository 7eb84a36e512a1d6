/** `apledger access …`: who may do what, and who gave whom the right. */
import type { Reply, WhoCan } from '@apledger/api';
import { command, jsonLine, line } from '@apledger/command-line';
import { ROLES, VERBS, type Verb } from '@apledger/events';
import { visible } from '@apledger/text';
import { WRITES, withLedger } from '../ledger.ts';
import { parseMoment } from '../moment.ts';
import { given, json, place } from '../options.ts';
import { HOSTS, oneOf, REASON, UNTIL, who } from './access-options.ts';

const SUBJECT = {
  name: 'subject',
  description:
    'https://idp.example#anna, x509#urn:agent:1, apledger#nightly; anna, where one provider is configured',
} as const;

const bind = command({
  name: 'access bind',
  summary: 'give somebody a role on hosts',
  positionals: [SUBJECT, { name: 'role', description: ROLES.join(', '), choices: ROLES }],
  options: { ...place, hosts: { ...HOSTS, required: true }, until: UNTIL, reason: REASON, ...json },
  examples: ["apledger access bind anna operator --hosts 'prod*' --until 90d"],
  run: ({ subject, role, hosts, until, reason, json: isJson, ...where }, { output }) =>
    withLedger(
      where,
      output,
      async (ledger) => {
        const bound = await ledger.ask('bindRole', {
          subject,
          role: oneOf(role, ROLES, 'role'),
          hosts,
          ...given({ until, reason }),
        } as never);
        if (isJson) output.out(jsonLine(bound));
        else
          output.out(
            line(
              `${who(bound.subject)} is ${bound.role} on ${bound.hosts}, ${bound.until === null ? 'until it is taken away' : `until ${bound.until}`}`,
            ),
          );
        return 0;
      },
      WRITES,
    ),
});

const unbind = command({
  name: 'access unbind',
  summary: 'take a role from somebody, at once',
  positionals: [SUBJECT, { name: 'role', description: ROLES.join(', '), choices: ROLES }],
  options: { ...place, hosts: { ...HOSTS, required: true }, reason: REASON, ...json },
  examples: ["apledger access unbind anna operator --hosts 'prod*' --reason 'has left'"],
  run: ({ subject, role, hosts, reason, json: isJson, ...where }, { output }) =>
    withLedger(
      where,
      output,
      async (ledger) => {
        const gone = await ledger.ask('unbindRole', {
          subject,
          role: oneOf(role, ROLES, 'role'),
          hosts,
          ...given({ reason }),
        } as never);
        if (isJson) output.out(jsonLine(gone));
        else output.out(line(`${who(gone.subject)} is no longer ${gone.role} on ${gone.hosts}`));
        return 0;
      },
      WRITES,
    ),
});

const list = command({
  name: 'access list',
  summary: 'print every role that is bound',
  options: { ...place, ...json },
  examples: ['apledger access list --server https://ledger.bank.example'],
  run: ({ json: isJson, ...where }, { output }) =>
    withLedger(where, output, async (ledger) => {
      const { bindings } = await ledger.ask('bindings', {});
      for (const each of bindings)
        if (isJson) output.out(jsonLine(each));
        else
          output.out(
            line(
              `${who(each.subject)}  ${each.role}  ${each.hosts}  ${each.until === null ? '' : `until ${each.until}`}`.trimEnd(),
            ),
          );
      if (bindings.length === 0 && !isJson) output.note('No role is bound.\n');
      return 0;
    }),
});

const whoCan = command({
  name: 'access who-can',
  summary: 'print who may do something on a host, now or as of any moment; status 1 if nobody',
  positionals: [
    { name: 'verb', description: VERBS.join(', '), choices: VERBS },
    { name: 'host', description: 'the host; without it, the ledger as a whole', optional: true },
  ],
  options: {
    ...place,
    at: { type: 'string', value: 'moment', description: 'as of then: a position of the log, or a time' },
    ...json,
  },
  examples: ["apledger access who-can command prod7 --at '2026-11-17 09:14'"],
  run: ({ verb, host, at, json: isJson, ...where }, { output }) =>
    withLedger(where, output, async (ledger) => {
      const moment = at === undefined ? {} : await parseMoment('--at', at, ledger);
      const answer = await ledger.ask('whoCan', {
        verb: oneOf<Verb>(verb, VERBS, 'verb'),
        ...given({ host }),
        ...moment,
      } as never);
      output.out(isJson ? jsonLine(answer) : whoCanText(answer));
      return answer.subjects.length === 0 ? 1 : 0;
    }),
});

function whoCanText({ verb, host, at, subjects, fourEyes }: WhoCan): string {
  const where = host === null ? 'the ledger' : `host ${host}`;
  const lines = subjects.map(
    ({ subject, roles, until }) =>
      `  ${who(subject)}  as ${roles.join(', ') || 'somebody who broke the glass'}${until === null ? '' : `, until ${until}`}`,
  );
  const head =
    subjects.length === 0
      ? `Nobody could ${verb} on ${where} at ${at}.`
      : `Who could ${verb} on ${where} at ${at}:`;
  const tail = fourEyes === 'none' ? [] : [`Four eyes there: ${fourEyes}.`];
  return [head, ...lines, ...tail].map(line).join('');
}

const breakGlass = command({
  name: 'access break-glass',
  summary: 'act alone for at most 4 hours, where you have the role break-glass; everybody hears of it',
  options: {
    ...place,
    hosts: { ...HOSTS, required: true },
    reason: { ...REASON, required: true },
    for: { type: 'string', value: 'length', description: 'like 30m or 4h, which is the most (default: 1h)' },
    ...json,
  },
  examples: [
    "apledger access break-glass --hosts prod7 --reason 'payments are down, INC4711' --server https://ledger",
  ],
  run: ({ hosts, reason, for: length, json: isJson, ...where }, { output }) =>
    withLedger(
      where,
      output,
      async (ledger) => {
        const opened = await ledger.ask('breakGlass', { hosts, reason, ...given({ for: length }) } as never);
        output.out(isJson ? jsonLine(opened) : line(glassText(opened)));
        return 0;
      },
      WRITES,
    ),
});

const glasses = command({
  name: 'access glasses',
  summary: 'print every use of break glass; status 1 if one was not reviewed',
  options: { ...place, ...json },
  examples: ['apledger access glasses'],
  run: ({ json: isJson, ...where }, { output }) =>
    withLedger(where, output, async (ledger) => {
      const { glasses: all } = await ledger.ask('glasses', {});
      for (const each of all) output.out(isJson ? jsonLine(each) : line(glassText(each)));
      return all.every(({ isReviewed }) => isReviewed) ? 0 : 1;
    }),
});

const review = command({
  name: 'access review',
  summary: 'say what a look at a use of break glass has found',
  positionals: [{ name: 'glass', description: 'as apledger access glasses shows it' }],
  options: { ...place, finding: { ...REASON, required: true }, ...json },
  examples: ["apledger access review 3f2a… --finding 'as agreed in INC4711'"],
  run: ({ glass, finding, json: isJson, ...where }, { output }) =>
    withLedger(
      where,
      output,
      async (ledger) => {
        const done = await ledger.ask('reviewGlass', { glass, finding });
        output.out(isJson ? jsonLine(done) : line(glassText(done)));
        return 0;
      },
      WRITES,
    ),
});

const glassText = ({ glass, subject, hosts, from, until, reason, isReviewed }: Reply<'breakGlass'>): string =>
  `${glass}  ${who(subject)}  ${hosts}  ${from} to ${until}  ${isReviewed ? 'reviewed' : 'not reviewed'}  ${visible(reason)}`;

export const accessCommands = [bind, unbind, list, whoCan, breakGlass, glasses, review];
