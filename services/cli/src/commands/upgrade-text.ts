/** An upgrade rehearsal as a person reads it. */
import type { UpgradeRehearsal } from '@apledger/api';
import { line } from '@apledger/command-line';
import { visible } from '@apledger/text';

export function upgradeText({
  host,
  from,
  to,
  position,
  refused,
  guests,
  mdevs,
  hostQueues,
}: UpgradeRehearsal): string {
  const list = (queues: readonly string[]): string => queues.join(', ');
  const seen = guests.flatMap(({ guest, mdev, lost, gained }) => {
    const who = `Guest ${guest} (mdev ${mdev})`;
    return [
      ...(lost.length === 0 ? [] : [`${who} would not see ${list(lost)}.`]),
      ...(gained.length === 0 ? [] : [`${who} would see ${list(gained)} as well.`]),
    ];
  });
  const lines = [
    `Host ${host} under driver ${to}, with ${from} now, as of position ${position}. Nothing of this is recorded.`,
    '',
    ...refused.flatMap(({ step, errno, explanation, help }) => [
      `${step}`,
      `  would be refused${errno === null ? '' : ` with ${errno}`}: ${explanation}`,
      ...(help === '' ? [] : [`  ${help}`]),
    ]),
    ...seen,
    ...mdevs.map(({ mdev, after }) =>
      after === null
        ? `Mdev ${mdev} would not be there.`
        : `Mdev ${mdev} would have another matrix assigned.`,
    ),
    ...(hostQueues.lost.length === 0 ? [] : [`The host would lose ${list(hostQueues.lost)}.`]),
    ...(hostQueues.gained.length === 0 ? [] : [`The host would gain ${list(hostQueues.gained)}.`]),
    ...(refused.length + guests.length + mdevs.length === 0
      ? ['Every assignment would be accepted, and every guest would see the queues that it has now.']
      : []),
  ];
  return lines.map((text) => line(visible(text))).join('');
}
