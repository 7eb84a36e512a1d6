/** The answer to a what-if as a person reads it. */

import { apidOf, apqiOf, firstNames, formatApid, formatApqi, parseApqn } from '@apledger/ap';
import type { MdevView, OutOfService, Share, SupposedStep, ViewChange, WhatIf } from '@apledger/api';
import type { Conflict } from '@apledger/events';
import { orLaterText } from '@apledger/ledger';
import { isAboutCommand } from '@apledger/messages';
import { viewOfJson } from '@apledger/projections';
import { describeChange } from '@apledger/projections/host';
import { visible } from '@apledger/text';
import { guestMatrixText, hostTable, matrixText } from '../drawing.ts';
import { describe } from './describe.ts';

/** `asked` stands before the position: the moment that was asked for, and a comma. */
export function whatIfText(answer: WhatIf, asked = ''): string {
  const { host, at, steps } = answer;
  return [
    `What if, on host ${host} as of ${asked}position ${at.position}, ${at.occurredAt}${orLaterText(at)}. Nothing of this is recorded.\n`,
    ...steps.map(stepText),
    sharesText(answer),
    ...hostTables(answer),
    ...mdevTables(answer),
  ].join('\n');
}

function stepText({ step, outcome, facts, output, refusal }: SupposedStep, index: number): string {
  const would = facts.filter(({ type }) => !isAboutCommand(type)).map(describe);
  const rest = would.splice(MAX_FACTS).length;
  const details = [
    ...(refusal === undefined ? [] : held(refusal.conflicts)),
    ...(refusal === undefined || refusal.remedy === '' ? [] : [`What would help: ${refusal.remedy}`]),
    ...would,
    ...(rest === 0 ? [] : [`and ${rest} more facts; --json has all of them`]),
    ...output.split('\n').filter((line) => line !== ''),
  ];
  const why = refusal === undefined ? '' : ` with ${refusal.errno}: ${refusal.explanation}`;
  const lines = [
    `${index + 1}  ${step}`,
    `   ${OUTCOMES[outcome]}${why}`,
    ...details.map((line) => `      ${line}`),
  ];
  return `${lines.map(visible).join('\n')}\n`;
}

const OUTCOMES: Readonly<Record<SupposedStep['outcome'], string>> = {
  done: 'would be done:',
  refused: 'would be refused',
  blocked: 'would be under way, and the writer would sleep until the guest closes the mdev:',
  nothing: 'would change nothing',
};

/** As many facts of a step, and names in a line, as a person reads; `--json` has all. */
const MAX_FACTS = 20;
const MAX_NAMES = 32;

const named = (queues: readonly string[]): string => firstNames(queues, MAX_NAMES);

/** Who is in the way, a line for each holder. */
function held(conflicts: readonly Conflict[]): string[] {
  const byHolder = Map.groupBy(conflicts, ({ holder }) => holder);
  return [...byHolder].map(([holder, all]) => `${named(all.map(({ queue }) => queue))}: ${holder}`);
}

/** A card that goes off takes no queue from anybody: this says whom it hits all the same. */
function outOfServiceText({ adapter, reason, shares, hostQueues }: OutOfService): string {
  const users = [
    ...shares.map(({ guest, queues }) => `guest ${guest ?? '(no KVM guest)'} (${named(queues)})`),
    ...(hostQueues.length === 0 ? [] : [`the host (${named(hostQueues)})`]),
  ];
  const card = `Card ${formatApid(adapter)} would be ${reason === 'deconfigured' ? 'off' : 'check-stopped'}`;
  if (users.length === 0) return `${card}; nobody uses its queues.`;
  return `${card}: its queues stay with ${users.join(' and ')}, and cannot be used until it is back.`;
}

function sharesText({ lost, gained, hostQueues, outOfService, changes }: WhatIf): string {
  const ofHost = (verb: string, queues: readonly string[]): string[] =>
    queues.length === 0 ? [] : [`The host would ${verb} ${named(queues)}.`];
  const lines = [
    ...lost.map((share) => shareText('lose', share)),
    ...gained.map((share) => shareText('gain', share)),
    ...ofHost('lose', hostQueues.lost),
    ...ofHost('gain', hostQueues.gained),
  ];
  const who = lines.length > 0 ? lines : ['Neither a guest nor the host would lose or gain a queue.'];
  const others = changes.filter(isTold).map((change) => `  * ${describeChange(change)}`);
  return [...who, ...outOfService.map(outOfServiceText), ...others, ''].map(visible).join('\n');
}

/** What is said above, or drawn below, is not said again. */
const isTold = ({ change }: ViewChange): boolean =>
  change !== 'guestLost' && change !== 'guestGained' && change !== 'guestMatrixChanged';

function shareText(verb: string, { guest, mdev, queues, controlDomains }: Share): string {
  const what = [
    ...(queues.length === 0 ? [] : [named(queues)]),
    ...(controlDomains.length === 0 ? [] : [`control domains ${controlDomains.map(formatApqi).join(', ')}`]),
  ];
  return `Guest ${guest ?? '(no KVM guest)'} would ${verb} ${what.join('; ')} (mdev ${mdev}).`;
}

/** More columns than this are no table that anybody reads. */
const MAX_DOMAINS = 16;

/** The adapters and domains of the queues that changed, before and after. */
function hostTables({ changes, before, after }: WhatIf): string[] {
  const queues = changes
    .flatMap((change) => ('queues' in change && !('guest' in change) ? change.queues : []))
    .map((name) => parseApqn(name) ?? 0);
  const ids = (part: (queue: number) => number): number[] =>
    [...new Set(queues.map(part))].sort((a, b) => a - b);
  const [adapters, domains] = [ids(apidOf), ids(apqiOf)];
  if (domains.length === 0) return [];
  if (domains.length > MAX_DOMAINS)
    return [`${queues.length} queues of the host would change; --json has all of them.\n`];
  const table = (view: WhatIf['before']): string => hostTable(viewOfJson(view), adapters, domains);
  return [`The host's queues that would change, before:\n${table(before)}\nand after:\n${table(after)}`];
}

/** Every mdev whose matrix would be another, before and after. */
function mdevTables({ changes, before, after }: WhatIf): string[] {
  const uuids = new Set(changes.flatMap((change) => ('mdev' in change ? [change.mdev] : [])));
  return [...uuids].map((uuid) => {
    const of = (view: WhatIf['before']): string => mdevTable(view.mdevs.find(({ mdev }) => mdev === uuid));
    return `mdev ${uuid}, before: ${of(before)}\nand after: ${of(after)}`;
  });
}

function mdevTable(mdev: MdevView | undefined): string {
  if (mdev === undefined) return 'there is none\n';
  if (mdev.domains.length > MAX_DOMAINS) return `${mdev.domains.length} domains; --json has all of them\n`;
  if (!mdev.open) return `nobody has it open\n${matrixText(mdev)}`;
  return `${mdev.guest === null ? 'no KVM guest' : `guest ${visible(mdev.guest)}`} has it open\n${guestMatrixText(mdev)}`;
}
