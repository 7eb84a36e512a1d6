/** Signs of who did something, and which of them are about a change. Pure. */
import { type Evidence, UNATTRIBUTED } from '@apledger/events';
import type { Interval, Subject, Testimony } from '@apledger/observe';

/** One sign, from any source. Times are milliseconds since 1970 UTC. */
export interface Sign {
  readonly source: Evidence['source'];
  readonly from: number;
  /** The end, for what lasts: a lock is held. */
  readonly to?: number | undefined;
  readonly actor?: string | undefined;
  readonly pid?: number | undefined;
  readonly text?: string | undefined;
  /** What it is about: places (`placeOf`). Undefined = anything of the AP bus. */
  readonly places?: readonly string[] | undefined;
  /** UUIDs. */
  readonly mdevs?: readonly string[] | undefined;
  /** Of a command: the processes that wrote for it. Empty = not known yet. */
  readonly writers?: readonly number[] | undefined;
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;

/** The UUID in a path; undefined when there is none. */
export const mdevIn = (path: string): string | undefined => UUID.exec(path)?.[0].toLowerCase();

/**
 * One name for a file that has several paths: `UUID/assign_adapter`, `ap/apmask`, `05.0047/driver_override`. Mdevs and queues are
 * reached through links of three folders.
 */
export function placeOf(path: string): string {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  return names.slice(-2).join('/').toLowerCase();
}

/** A sign of mdevctl comes when it is done; clocks of the kernel's tick may be behind by 10 ms. */
const LATE_MS = 2000;
const EARLY_MS = 20;

/** Whether the sign can be about what happened to the subject in the interval. */
export function isAbout(sign: Sign, { notBefore, notAfter }: Interval, { files, mdevs }: Subject): boolean {
  const from = notBefore === null ? Number.NEGATIVE_INFINITY : Date.parse(notBefore) - EARLY_MS;
  const late = sign.source === 'notifier' || sign.source === 'libvirt' ? LATE_MS : EARLY_MS;
  if ((sign.to ?? sign.from) < from || sign.from > Date.parse(notAfter) + late) return false;
  if (sign.places === undefined && sign.mdevs === undefined) return true;
  const places = new Set(files.map(placeOf));
  const uuids = new Set([...mdevs, ...files.flatMap((file) => mdevIn(file) ?? [])]);
  // Nothing is known of where: everything of the AP bus may have caused it, except for a command, whose file is known.
  if (places.size === 0 && uuids.size === 0) return sign.source !== 'command';
  return (
    (sign.places?.some((place) => places.has(place)) ?? false) ||
    (sign.mdevs?.some((mdev) => uuids.has(mdev)) ?? false)
  );
}

/** The surest first, as in docs/agent.md ("Who"). */
const ORDER: readonly Evidence['source'][] = [
  'command',
  'notifier',
  'lock',
  'audit',
  'libvirt',
  'kernel-log',
];
const MAX_EVIDENCE = 64;

/**
 * What the signs of one interval say together. One actor: certain. Several: all are listed, and nobody is named. A command of the ledger
 * is carried out by its writer, so signs of the writer's unit and processes are the command's own: they name nobody else.
 */
export function testimonyOf(signs: readonly Sign[], writerUnit: string): Testimony {
  const commands = signs.filter(({ source }) => source === 'command');
  const isOwn = (sign: Sign): boolean =>
    sign.source !== 'command' &&
    (commands.some((command) => isWriterOf(command, sign)) ||
      (commands.length > 0 && isOf(sign.actor, writerUnit)));
  const ordered = signs
    .map((sign) => (isOwn(sign) ? { ...sign, actor: undefined } : sign))
    .toSorted((a, b) => ORDER.indexOf(a.source) - ORDER.indexOf(b.source) || a.from - b.from);
  const actors = new Set(ordered.flatMap(({ actor }) => actor ?? []));
  const [actor] = actors;
  const certainty = actors.size === 0 ? 'none' : actors.size === 1 ? 'certain' : 'several';
  return {
    certainty,
    evidence: unique(ordered.map(evidenceOf)).slice(0, MAX_EVIDENCE),
    actor: certainty === 'certain' && actor !== undefined ? actor : UNATTRIBUTED,
  };
}

/** A pid is used again later: only what it did while the command was under way is the command's. */
const isWriterOf = ({ writers = [], from, to = from }: Sign, sign: Sign): boolean =>
  sign.pid !== undefined &&
  writers.includes(sign.pid) &&
  (sign.to ?? sign.from) >= from - EARLY_MS &&
  sign.from <= to + EARLY_MS;

const isOf = (actor: string | undefined, unit: string): boolean => actor?.startsWith(`unit ${unit}`) === true;

const evidenceOf = ({ source, from, actor, pid, text }: Sign): Evidence => ({
  source,
  at: new Date(from).toISOString(),
  ...(actor === undefined ? {} : { actor: actor.slice(0, 255) }),
  ...(pid === undefined ? {} : { pid }),
  ...(text === undefined ? {} : { text: text.slice(0, 1000) }),
});

/** One process opens ten files to start an mdev: once is enough of what differs in time alone. */
function unique(evidence: readonly Evidence[]): Evidence[] {
  const seen = new Map<string, Evidence>();
  for (const item of evidence) {
    const { at: _, ...rest } = item;
    const key = JSON.stringify(rest);
    if (!seen.has(key)) seen.set(key, item);
  }
  return [...seen.values()];
}
