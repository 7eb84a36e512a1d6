/** How far the log is sealed, in words. */
import type { EvidenceState } from '@apledger/api';
import { formatCount } from './count.ts';
import { formatClock, formatDay } from './moment.ts';

/**
 * "41,207 facts sealed, signed at 09:14, 2 of 3 witnesses": the day stands there when it is not that of `now`, in milliseconds since 1970.
 * Undefined where nothing is sealed.
 */
export function sealWords(state: EvidenceState, now: number): string | undefined {
  if (state.fault !== null) return 'not sealed';
  if (state.origin === null || state.signedAt === null) return undefined;
  if (state.size === 0) return 'nothing to seal yet';
  const signed = Date.parse(state.signedAt);
  const [today, that] = [formatDay(now), formatDay(signed)];
  const day = that === today ? '' : `${that.slice(4, that.slice(11) === today.slice(11) ? 10 : undefined)} `;
  const fresh = state.witnesses.filter(({ size }) => size === state.size).length;
  const witnesses =
    state.witnesses.length === 0
      ? ''
      : `, ${fresh} of ${state.witnesses.length} witness${state.witnesses.length === 1 ? '' : 'es'}`;
  const facts = `${formatCount(state.size)} fact${state.size === 1 ? '' : 's'}`;
  return `${facts} sealed, signed ${day === '' ? 'at ' : day}${formatClock(signed).slice(0, 5)}${witnesses}`;
}
