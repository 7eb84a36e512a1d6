/**
 * Moments as people write them: one way to read them and one to print them, for the command line, the API, the console and reports.
 *
 * `parseMoment` takes what an administrator types (`2026-11-17 09:14`, `09:14`, `yesterday`, `Tue 09:14`, `2 hours ago`, `-2h`,
 * `@1795679880`, with an offset or a zone or without) and never guesses: a time that the clock of a zone shows twice or skips, a date
 * that no calendar has, and a day that is not 24 hours long are refused, with what to write instead. `momentText` prints what was read
 * with its zone, in a form that `parseMoment` reads as the same moment. Calendars and zones are Temporal's business, see
 * docs/decisions. Browsers run it as well.
 */
export { NotAMoment, parseMoment, type UnknownZone } from './parse.ts';
export { momentText, type TimeInZone } from './text.ts';
