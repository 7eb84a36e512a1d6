/** "As of": which facts of a stream lie at or before a moment. Revisions, positions and times all grow with it. */

import type { PackedEntry } from './packed.ts';
import type { Moment } from './port.ts';

/** Whether a fact, given by its packed header, lies at or before the moment. */
export function passes(
  moment: Moment,
): (fact: Pick<PackedEntry, 'revision' | 'position' | 'occurredAt'>) => boolean {
  if ('revision' in moment) return (fact) => fact.revision <= moment.revision;
  if ('position' in moment) return (fact) => fact.position <= moment.position;
  const time = Date.parse(moment.time);
  if (Number.isNaN(time)) throw new TypeError(`not a time: ${moment.time}`);
  return (fact) => fact.occurredAt <= time;
}
