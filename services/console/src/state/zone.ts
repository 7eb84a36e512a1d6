/** Times in UTC, or in the zone of the reader's machine. */
import { effect } from '@preact/signals';
import { shownZone } from '../model/moment.ts';
import { kept } from './kept.ts';

export const zoneChoice = kept<'utc' | 'local'>('zone', ['utc', 'local']);
/** `Europe/Zurich`. */
export const localZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

effect(() => {
  shownZone.value = zoneChoice.value === 'local' ? localZone : 'UTC';
});
