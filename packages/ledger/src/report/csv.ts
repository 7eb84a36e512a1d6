/**
 * An audit report as CSV (RFC 4180, UTF-8): one table, one row a queue and time, a run of a guest, an exposure or a head; `record` says
 * which. Spreadsheets take a cell that begins with = + - @ for a formula: such texts get an apostrophe in front.
 */

import type { Boundary, Custody, Exposure } from '@apledger/api';
import type { HostPart } from '@apledger/projections';
import { visible } from '@apledger/text';
import {
  exposureText,
  guestText,
  holderText,
  hostText,
  mayReachText,
  observedText,
  type VerifiedParts,
  verificationText,
} from './words.ts';

const COLUMNS = [
  'record',
  'host',
  'queue',
  'holder',
  'guest',
  'mdev',
  'shared_with',
  ...['from', 'until'].flatMap((end) =>
    ['time', 'position', 'fact', 'actor', 'command'].map((what) => `${end}_${what}`),
  ),
  'reset_before',
  'reset_position',
  'text',
  'revision',
  'hash',
  // What became of it after the end of the span.
  ...['time', 'position', 'fact', 'actor', 'command'].map((what) => `later_${what}`),
  // Of a host that an agent watches: when it can have happened, and what tells who did it.
  'from_evidence',
  'until_evidence',
  'later_evidence',
] as const;
type Row = { readonly [column in (typeof COLUMNS)[number]]?: string | number | null };

/** Rows of text, the first of them the names of the columns. */
export async function* auditCsv(report: VerifiedParts): AsyncGenerator<string, void, undefined> {
  yield line(COLUMNS);
  const { scope, verification } = report;
  yield row({
    record: 'scope',
    host: scope.host,
    guest: scope.guest,
    ...bound('from', scope.from),
    ...bound('until', scope.to),
    text: `Log ${verificationText(verification)}`,
  });
  for (const { stream, revision, position, hash, occurredAt } of report.heads)
    yield row({
      record: 'head',
      text: stream,
      until_time: occurredAt,
      until_position: position,
      revision,
      hash,
    });
  for await (const host of report.hosts) yield* hostRows(host);
}

function* hostRows({
  host,
  mayReach,
  exposures,
  runs,
  custody,
  refusals,
  ...head
}: HostPart): Generator<string> {
  yield row({ record: 'host', host, text: hostText(head) });
  if (mayReach !== undefined) {
    const { position: until_position, revision } = mayReach;
    yield row({ record: 'clock', host, until_position, revision, text: mayReachText(mayReach) });
  }
  for (const exposure of exposures) for (const one of exposureRows(exposure)) yield row({ ...one, host });
  for (const { guest, mdev, started, stopped, stoppedLater = null } of runs)
    yield row({
      record: 'run',
      host,
      guest,
      mdev,
      ...boundary('from', started),
      ...boundary('until', stopped),
      ...boundary('later', stoppedLater),
    });
  for (const { queues, ...one } of custody) {
    // Hundreds of queues often differ by their names only.
    const [before, after] = around('queue', { record: 'custody', host, ...custodyCells(one) });
    for (const queue of queues) yield before + queue + after;
  }
  for (const { at, command, mdev, guest, errno, explanation } of refusals)
    yield row({
      record: 'refusal',
      host,
      guest,
      mdev,
      ...boundary('from', at),
      text: `${command}: ${errno}: ${explanation}`,
    });
}

const custodyCells = (custody: Custody): Row => ({
  holder: custody.holder.kind,
  ...(custody.holder.kind === 'guest' ? { guest: custody.holder.guest, mdev: custody.holder.mdev } : {}),
  shared_with: custody.sharedWith.map(holderText).join(' and '),
  ...boundary('from', custody.from),
  ...boundary('until', custody.until),
  ...boundary('later', custody.endedLater ?? null),
  reset_before: custody.resetBefore === null ? null : custody.resetBefore ? 'yes' : 'no',
  reset_position: custody.reset?.position ?? null,
});

function exposureRows(exposure: Exposure): Row[] {
  const found = { record: exposure.kind, text: exposureText(exposure) };
  switch (exposure.kind) {
    case 'unreset-handover': {
      const { apqn, to, at } = exposure;
      const taker = to.kind === 'guest' ? { guest: to.guest, mdev: to.mdev } : {};
      return [{ ...found, queue: apqn, holder: to.kind, ...taker, ...boundary('from', at) }];
    }
    case 'shared-queue': {
      const { apqn, since, until } = exposure;
      return [{ ...found, queue: apqn, ...boundary('from', since), ...boundary('until', until) }];
    }
    case 'stopped-guest-keeps-queues': {
      const { guest, mdev, queues, since } = exposure;
      return queues.map((queue) => ({ ...found, queue, guest, mdev, ...boundary('from', since) }));
    }
    case 'shared-control-domain':
      return exposure.guests.map(({ guest, mdev }) => ({
        ...found,
        holder: guestText(guest),
        guest,
        mdev,
        ...boundary('from', exposure.since),
      }));
    case 'drift':
      return [{ ...found, mdev: exposure.mdev, ...boundary('from', exposure.at) }];
  }
}

/** A moment that was asked for. */
function bound(end: 'from' | 'until', moment: VerifiedParts['scope']['from']): Row {
  if (moment === null) return {};
  if ('time' in moment) return { [`${end}_time`]: moment.time };
  return 'position' in moment ? { [`${end}_position`]: moment.position } : {};
}

function boundary(end: 'from' | 'until' | 'later', fact: Boundary | null): Row {
  if (fact === null) return {};
  const { occurredAt, position, type, actor, commandId, observed } = fact;
  return {
    [`${end}_time`]: occurredAt,
    [`${end}_position`]: position,
    [`${end}_fact`]: type,
    [`${end}_actor`]: actor,
    [`${end}_command`]: commandId,
    ...(observed === undefined ? {} : { [`${end}_evidence`]: observedText(observed) }),
  };
}

const row = (cells: Row): string => line(textsOf(cells));
const line = (texts: readonly string[]): string => `${texts.join(',')}\r\n`;
const textsOf = (cells: Row): string[] => COLUMNS.map((column) => cell(cells[column] ?? ''));

/** The line without one of its cells: what comes before it, and what comes after it. */
function around(column: keyof Row, cells: Row): readonly [string, string] {
  const at = COLUMNS.indexOf(column);
  const texts = textsOf(cells);
  return [`${texts.slice(0, at).join(',')},`, `,${line(texts.slice(at + 1))}`];
}

function cell(value: string | number): string {
  // Most cells: nothing in them can be taken for anything else.
  if (value === '' || (typeof value === 'number' && value >= 0)) return String(value);
  const text = visible(String(value));
  const harmless = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
  return /[",\s']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
