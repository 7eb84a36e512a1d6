/** A whole capture: the AP part of sysfs, mdevctl's definitions, 41-ap.rules, boot parameters, guests. */
import { type CapturedFiles, unpacked } from './archive.ts';
import { AP_RULE, COMMAND_LINE, KERNEL } from './boot-files.ts';
import { readBootParameters } from './boot-parameters.ts';
import { definitionsOf } from './definitions.ts';
import { jsonOf } from './mdevctl.ts';
import { merged, NOTHING, type ObservedGuest, type Problem, type Reading, Unreadable } from './observed.ts';
import { readTree } from './tree.ts';
import { BUS } from './tree-reader.ts';
import { readApRule } from './udev-rule.ts';
import { uuidOf } from './values.ts';

/** What capture itself writes: guests by their mdevs, what could not be read, and the output of lszcrypt for people. */
export const GUESTS = 'guests.json';
export const ABOUT = 'capture.json';
export const LSZCRYPT = 'lszcrypt-V.txt';
const MAX_GUEST_NAME = 255;

/** Reads the tar of a capture. Throws Unreadable for what is none. */
export const readCapture = async (bytes: Uint8Array, where: string): Promise<Reading> =>
  readCaptured(await unpacked(bytes), where);

/** Reads the files of a capture. Throws Unreadable when they are of no AP bus. */
export function readCaptured(files: CapturedFiles, where: string): Reading {
  if (![...files.keys()].some((path) => path.startsWith(`${BUS}/`)))
    throw new Unreadable(`${where} has no ${BUS}: it is no capture of a host with an AP bus`);
  const kept = definitionsOf(files);
  const readings = [
    readTree(files),
    ofText(files, COMMAND_LINE, readBootParameters),
    ofText(files, AP_RULE, readApRule),
    { host: { ...NOTHING, definitions: kept.definitions }, problems: kept.problems },
    guestsOf(files),
    { host: NOTHING, problems: unreadFiles(files) },
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
export function unreadFiles(files: CapturedFiles): readonly Problem[] {
  const text = textOf(files, ABOUT);
  if (text === undefined) return [];
  const { problems } = (jsonOf(text, ABOUT) ?? {}) as { readonly problems?: unknown };
  const known = Array.isArray(problems) ? problems.filter(isProblem) : [];
  return known.map(({ where, what }) => ({ where, what }));
}

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' &&
  value !== null &&
  'where' in value &&
  'what' in value &&
  typeof value.where === 'string' &&
  typeof value.what === 'string';
