/** A plan as a person reads it. */
import type { Planned, ShownStep } from '@apledger/changes';
import { line } from '@apledger/command-line';
import { visible } from '@apledger/text';

export function planText(made: Planned, position: number): string {
  const { host, driver, steps, problems, warnings, back } = made;
  const lines = [
    `Plan for host ${host}, driver ${driver}, as of position ${position}. Nothing of this is recorded.`,
    '',
    ...(problems.length > 0 ? refusedText(made) : steps.length === 0 ? ['Nothing has to be done.'] : []),
    ...(problems.length > 0 ? [] : stepsText(made)),
    ...warnings.map((warning) => `Note: ${warning}`),
    ...(problems.length > 0 || back.length === 0
      ? []
      : ['', `The way back. It gives back assignments, not what a reset has wiped:`]),
    ...(problems.length > 0 ? [] : back.map(stepText)),
  ];
  return lines.map((text) => line(visible(text))).join('');
}

const stepText = ({ step, text }: ShownStep): string => `${String(step).padStart(3)}  ${text}`;

function refusedText({ steps, problems }: Planned): string[] {
  return [
    'This plan is not to be carried out:',
    ...problems.flatMap(({ step, problem, help }) => [
      `  ${step === null ? '' : `step ${step}: `}${problem}`,
      ...(help === '' ? [] : [`    ${help}`]),
    ]),
    ...(steps.length === 0 ? [] : ['', 'The steps until then:']),
    ...steps.map(stepText),
  ];
}

function stepsText({ steps, lost, gained, hostQueues, interruptions, handovers }: Planned): string[] {
  const list = (queues: readonly string[]): string => queues.join(', ');
  return [
    ...steps.map(stepText),
    '',
    ...lost.map(({ guest, queues }) => `Guest ${guest} would lose ${list(queues)}.`),
    ...gained.map(({ guest, queues }) => `Guest ${guest} would gain ${list(queues)}.`),
    ...(hostQueues.lost.length > 0 ? [`The host would lose ${list(hostQueues.lost)}.`] : []),
    ...(hostQueues.gained.length > 0 ? [`The host would gain ${list(hostQueues.gained)}.`] : []),
    ...interruptions.map(
      ({ guest, queues, from, until }) =>
        `Guest ${guest} would be without ${list(queues)} from step ${from} ${until === null ? 'on' : `to step ${until}`}, as the file allows.`,
    ),
    ...handovers.map(
      ({ queue, from, to, step }) =>
        `${queue} would come from guest ${from} to ${to === 'host' ? 'the host' : `guest ${to}`} in step ${step} without a reset, as the file allows.`,
    ),
  ];
}
