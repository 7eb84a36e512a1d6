/** A change as a person reads it. */
import type { ChangeView, Judgement, Reply } from '@apledger/api';
import { line } from '@apledger/command-line';
import { describeChange } from '@apledger/projections/host';
import { visible } from '@apledger/text';

/** 0 = done; 1 = anything else. */
export const endStatus = ({ status }: ChangeView): number => (status === 'carried-out' ? 0 : 1);

const somebody = (subject: ChangeView['proposedBy']): string =>
  subject === null ? 'who has the log itself' : visible(`${subject.issuer}#${subject.subject}`);

export const headText = ({
  change,
  host,
  status,
  reason,
  proposedBy,
  proposedAt,
  ended,
}: ChangeView): string =>
  `${change}  ${host}  ${status}  ${proposedAt}  ${somebody(proposedBy)}: ${visible(reason)}${ended?.reason ? `  (${visible(ended.reason)})` : ''}`;

export function changeText({ change, now, run }: Reply<'change'>): string {
  const commands = change.commands?.map((each) => `  ${visible(JSON.stringify(each))}`) ?? [];
  const judged = now === null ? [] : judgementLines(now);
  return [
    headText(change),
    ...commands,
    ...planLines(change, run),
    `effect ${change.effect.slice(0, 12)}`,
    ...judged,
    ...nextLines(change),
  ]
    .map(line)
    .join('');
}

const MARKS = {
  planned: ' ',
  started: '>',
  done: '+',
  refused: '!',
  unconfirmed: '?',
  late: '!',
} as const;

function planLines({ plan, progress, held }: ChangeView, run: Reply<'change'>['run']): string[] {
  if (plan === null || run === null) return [];
  const way =
    progress?.way === 'back'
      ? 'the way back'
      : `plan ${plan.planHash.slice(0, 12)}, ${visible(plan.purpose)}`;
  return [
    `${way}: ${progress?.done ?? 0} of ${progress?.of ?? 0} steps done`,
    ...run.steps.map(
      ({ step, text, outcome }) => `${MARKS[outcome]} ${String(step).padStart(3)}  ${visible(text)}`,
    ),
    ...(held === null
      ? []
      : [`held: ${visible(held.reason)}`, ...held.differences.map((text) => `  ${visible(text)}`)]),
  ];
}

function nextLines({
  change,
  status,
  mayApprove,
  whyNot,
  waitsFor,
  deadline,
  actions,
}: ChangeView): string[] {
  const can =
    status !== 'proposed'
      ? []
      : mayApprove
        ? ['You may approve or refuse it.']
        : actions.includes('start')
          ? []
          : [`You may not approve it: ${whyNot}.`];
  return [
    ...waitsFor.map((what) => `waits for ${visible(what)}`),
    ...(deadline === null ? [] : [`${deadline.for} until ${deadline.until}`]),
    ...can,
    ...actions.map((action) => `  apledger change ${action} ${change}`),
  ];
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
