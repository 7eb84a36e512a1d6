/** A whole capture: the AP part of sysfs, mdevctl's definitions, 41-ap.rules, boot parameters, guests. */
import { type CapturedFiles, unpacked } from './archive.ts';
import { readBootParameters } from './boot-parameters.ts';
import { jsonOf, readDefinition } from './mdevctl.ts';
import { merged, NOTHING, type ObservedGuest, type Problem, type Reading, Unreadable } from './observed.ts';
import { readTree } from './tree.ts';
import { BUS } from './tree-reader.ts';
import { readApRule } from './udev-rule.ts';
import { uuidOf } from './values.ts';

export const KERNEL = 'proc/sys/kernel/osrelease';
export const COMMAND_LINE = 'proc/cmdline';
export const AP_RULE = 'etc/udev/rules.d/41-ap.rules';
export const DEFINITIONS = 'etc/mdevctl.d/matrix';
/** What capture itself writes: guests by their mdevs, what could not be read, and the output of lszcrypt for people. */
export const GUESTS = 'guests.json';
export const ABOUT = 'capture.json';
export const LSZCRYPT = 'lszcrypt-V.txt';
const MAX_GUEST_NAME = 255;

/** Reads the tar of a capture. Throws Unreadable for what is none. */
export async function readCapture(bytes: Uint8Array, where: string): Promise<Reading> {
  const files = await unpacked(bytes);
  if (![...files.keys()].some((path) => path.startsWith(`${BUS}/`)))
    throw new Unreadable(`${where} has no ${BUS}: it is no capture of a host with an AP bus`);
  const readings = [
    readTree(files),
    ofText(files, COMMAND_LINE, readBootParameters),
    ofText(files, AP_RULE, readApRule),
    definitionsOf(files),
    guestsOf(files),
    aboutOf(files),
    { host: { ...NOTHING, kernel: textOf(files, KERNEL)?.trim().slice(0, 100) }, problems: [] },
  ];
  return {
    host: merged(readings.map(({ host }) => host)),
    problems: readings.flatMap(({ problems }) => problems),
  };
}

function textOf(files: CapturedFiles, path: string): string | undefined {
  const file = files.get(path);
  return file !== undefined && 'text' in file ? file.text : undefined;
}

const NOTHING_READ: Reading = { host: NOTHING, problems: [] };

function ofText(files: CapturedFiles, path: string, read: (text: string, where: string) => Reading): Reading {
  const text = textOf(files, path);
  return text === undefined ? NOTHING_READ : read(text, path);
}

function definitionsOf(files: CapturedFiles): Reading {
  const problems: Problem[] = [];
  const definitions = [...files.keys()].flatMap((path) => {
    const name = path.startsWith(`${DEFINITIONS}/`) ? path.slice(DEFINITIONS.length + 1) : '';
    const text = textOf(files, path);
    if (uuidOf(name) === undefined || text === undefined) return [];
    try {
      const reading = readDefinition(name, jsonOf(text, path), DEFINITIONS);
      problems.push(...reading.problems);
      return reading.mdev ?? [];
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      problems.push({ where: path, what: `${error.message}: passed over` });
      return [];
    }
  });
  return { host: { ...NOTHING, definitions }, problems };
}

/** `[{ "name": "web", "mdev": UUID }]`. Throws Unreadable for anything else. */
function guestsOf(files: CapturedFiles): Reading {
  const text = textOf(files, GUESTS);
  if (text === undefined) return NOTHING_READ;
  const list = jsonOf(text, GUESTS);
  if (!Array.isArray(list)) throw new Unreadable(`${GUESTS} is no list of guests`);
  const guests = list.map((guest: unknown): ObservedGuest => {
    const { name, mdev } = (guest ?? {}) as { readonly name?: unknown; readonly mdev?: unknown };
    const uuid = typeof mdev === 'string' ? uuidOf(mdev) : undefined;
    if (typeof name !== 'string' || name === '' || name.length > MAX_GUEST_NAME || uuid === undefined)
      throw new Unreadable(`${GUESTS} is no list of {"name", "mdev"}`);
    return { name, mdev: uuid };
  });
  return { host: { ...NOTHING, guests }, problems: [] };
}

/** What capture itself could not read. */
function aboutOf(files: CapturedFiles): Reading {
  const text = textOf(files, ABOUT);
  if (text === undefined) return NOTHING_READ;
  const { problems } = (jsonOf(text, ABOUT) ?? {}) as { readonly problems?: unknown };
  const known = Array.isArray(problems) ? problems.filter(isProblem) : [];
  return { host: NOTHING, problems: known.map(({ where, what }) => ({ where, what })) };
}

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' &&
  value !== null &&
  'where' in value &&
  'what' in value &&
  typeof value.where === 'string' &&
  typeof value.what === 'string';
