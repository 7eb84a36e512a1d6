/** How long something is valid, as people write it. */
import { Problem } from '@apledger/api';

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/**
 * The end in RFC 3339, from `8h`, `90d`, `30m` or a time, as of `at`. `label` names the field in messages. Throws Problem for what is
 * neither, is over already, or is more than `mostMs` away.
 */
export function validUntil(text: string, at: string, mostMs: number, label: string): string {
  const now = Date.parse(at);
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const end = count === undefined ? timeOf(text) : now + Number(count) * (UNIT_MS[unit] ?? 0);
  if (Number.isNaN(end))
    throw wrong(
      `${label}: ${text} is neither a length like 8h, 90d, 30m nor a time like 2026-12-31T12:00:00Z`,
    );
  if (end <= now) throw wrong(`${label}: ${text} is over already; it is ${at} now`);
  if (end > now + mostMs)
    throw wrong(`${label}: ${text} is more than ${most(mostMs)} from now, which is the most`);
  return new Date(end).toISOString();
}

const timeOf = (text: string): number =>
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.test(text)
    ? Date.parse(text)
    : Number.NaN;

const most = (ms: number): string => (ms % DAY_MS === 0 ? `${ms / DAY_MS} days` : `${ms / HOUR_MS} hours`);

const wrong = (problem: string): Problem => new Problem(400, 'invalid-request', `${problem}.`);
