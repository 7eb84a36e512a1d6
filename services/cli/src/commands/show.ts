/** `apledger show host|mdev|guest`: matrices as the document's tables, as of any moment. */

import type { MdevView } from '@apledger/api';
import { command, Failure, line, type Output } from '@apledger/command-line';
import { type Ledger, orLaterText, type Place, stoppedText } from '@apledger/ledger';
import type { HostView } from '@apledger/projections';
import { visible } from '@apledger/text';
import { guestMatrixText, hostTable, matrixText, plugText } from '../drawing.ts';
import { answerLine, hostAt, hostsAsked, ifKnown, withLedger } from '../ledger.ts';
import { type GivenMoment, MOMENT, parseGiven, parsePosition, requestText, usedText } from '../moment.ts';
import { host, json, place } from '../options.ts';

interface ShowOptions extends Place {
  readonly host?: string;
  readonly at?: string;
  readonly position?: string;
  readonly json?: boolean;
}

const THINGS = ['host', 'mdev', 'guest'] as const;
type Thing = (typeof THINGS)[number];

/** Shows one thing by name, or all of its kind. */
export async function show(
  thing: Thing,
  name: string | undefined,
  options: ShowOptions,
  output: Output,
): Promise<number> {
  return withLedger(options, output, async (ledger) => {
    const moment = await momentOf(options, ledger);
    const views = await viewsAt(ledger, thing === 'host' ? (name ?? options.host) : options.host, moment);
    const asJson = options.json ? (answer: object) => answerLine(ledger, answer) : undefined;
    const texts = views.flatMap((view) => describe(thing, view, name, asJson, moment));
    const when = moment === undefined ? '' : ` at ${usedText(moment)}`;
    if (texts.length === 0) {
      const what = name === undefined ? `There is no ${thing}` : `There is no ${thing} ${name}`;
      // To list nothing is an answer; not to find what was asked for is none.
      if (name !== undefined)
        throw new Failure(
          1,
          `${what}${when}.${thing === 'guest' ? await pastOf(ledger, name, options, moment) : ''}`,
        );
      output.err(line(`${what}${when}.`));
    } else if (when !== '' && !options.json) output.out(line(`As it was${when}.`));
    output.out(texts.join(options.json ? '' : '\n'));
    return 0;
  });
}

/** The hosts at the moment; only those that existed. */
async function viewsAt(
  ledger: Ledger,
  host: string | undefined,
  moment: GivenMoment | undefined,
): Promise<HostView[]> {
  const views: HostView[] = [];
  for (const name of await hostsAsked(ledger, host)) {
    const view = await hostAt(ledger, name, moment ?? {});
    if (view !== undefined) views.push(view);
  }
  return views;
}

async function momentOf({ at, position }: ShowOptions, ledger: Ledger): Promise<GivenMoment | undefined> {
  if (at !== undefined && position !== undefined) throw new Failure(2, 'Give either --at or --position.');
  if (position !== undefined) return parsePosition('--position', position, ledger);
  return parseGiven('--at', at, ledger);
}

/** When a guest that does not run ran last, a sentence for each host; '' when it never did. */
async function pastOf(
  ledger: Ledger,
  guest: string,
  { host }: ShowOptions,
  moment: GivenMoment | undefined,
): Promise<string> {
  const span = moment === undefined ? {} : { to: requestText(moment) };
  const sentences: string[] = [];
  for (const name of await hostsAsked(ledger, host)) {
    const history = await ifKnown(ledger.ask('guestHistory', { host: name, guest, ...span }));
    const last = history?.runs.at(-1);
    if (last !== undefined)
      sentences.push(` It ran on host ${name} with mdev ${last.mdev} until ${stoppedText(last)}.`);
  }
  return sentences.join('');
}

function describe(
  thing: Thing,
  view: HostView,
  name: string | undefined,
  asJson: ((answer: object) => string) | undefined,
  moment: GivenMoment | undefined,
): string[] {
  if (thing === 'host') return [asJson?.(view) ?? hostText(view)];
  const mdevs = view.mdevs.filter((mdev) => {
    if (thing === 'mdev') return name === undefined || mdev.mdev.startsWith(name.toLowerCase());
    return mdev.open && (name === undefined || mdev.guest === name);
  });
  const { host, revision, position, occurredAt, mayReach } = view;
  return mdevs.map((mdev) => {
    if (asJson !== undefined)
      return asJson({
        ...(moment !== undefined && { asOf: moment }),
        ...{ host, revision, position, occurredAt },
        ...(mayReach && { mayReach }),
        ...mdev,
      });
    return thing === 'mdev' ? mdevText(view, mdev) : guestText(view, mdev);
  });
}

const asOf = (view: HostView): string =>
  `host ${view.host}, position ${view.position}, ${view.occurredAt}${orLaterText(view)}`;

function hostText(view: HostView): string {
  const table = hostTable(view, view.adapters, view.domains) || '    no queues\n';
  return `${asOf(view)}, driver ${view.driver}
apmask ${view.apmask}
aqmask ${view.aqmask}
${table}`;
}

function mdevText(view: HostView, mdev: MdevView): string {
  const holder = mdev.open
    ? `, open by ${mdev.guest === null ? 'no KVM guest' : `guest ${visible(mdev.guest)}`}`
    : '';
  const removing = mdev.removing ? ', waits for its removal' : '';
  return `mdev ${mdev.mdev}${holder}${removing} (${asOf(view)})\n${matrixText(mdev)}${plugText(mdev)}`;
}

const guestText = (view: HostView, mdev: MdevView): string =>
  `guest ${visible(mdev.guest ?? '(no KVM guest)')}, mdev ${mdev.mdev} (${asOf(view)})\n${guestMatrixText(mdev)}${plugText(mdev)}`;

/** Where else the answer is. */
const INSTEAD: Readonly<Record<string, string>> = {
  host: ' apledger hosts lists the hosts.',
  guest: ' Without a name, show guest shows all that run.',
  mdev: ' Without a name, show mdev shows all.',
  queue: ' apledger custody 05.0047 says who had a queue.',
  event: ' apledger events prints the facts.',
};

function thingOf(text: string): Thing {
  const thing = THINGS.find((each) => each === text);
  if (thing === undefined)
    throw new Failure(
      2,
      `show ${text}: there are host, mdev and guest.${INSTEAD[text.toLowerCase().replace(/s$/, '')] ?? ''}`,
    );
  return thing;
}

export const showCommand = command({
  name: 'show',
  summary: 'show the matrix of a host, an mdev or a guest',
  positionals: [
    { name: 'thing', description: 'host, mdev or guest', choices: THINGS },
    { name: 'name', description: 'which one (default: all)', optional: true },
  ],
  options: {
    ...place,
    ...host,
    at: { type: 'string', value: 'moment', description: `as of then: ${MOMENT}` },
    position: { type: 'string', value: 'n', description: 'as of this position of the log' },
    ...json,
  },
  examples: ['apledger show guest guest1', "apledger show host --at '2026-11-17 09:14'"],
  run: ({ thing, name, ...options }, { output }) => show(thingOf(thing), name, options, output),
});
