/** Definitions of mdevctl: `mdevctl list -d --dumpjson`, and the files of /etc/mdevctl.d/matrix. */
import { isMdevFile, type MdevFile } from '@apledger/events';
import { errorText } from '@apledger/text';
import {
  type MdevWrite,
  NOTHING,
  type ObservedMdev,
  type Problem,
  type Reading,
  Unreadable,
} from './observed.ts';
import { uuidOf } from './values.ts';

/** The type of mdevs that vfio_ap makes. */
export const MDEV_TYPE = 'vfio_ap-passthrough';

/** The files of an mdev that a definition may write to. */
export const isMdevAttribute = (name: string): name is Exclude<MdevFile, 'remove'> =>
  isMdevFile(name) && name !== 'remove';

/** A page: the kernel takes no longer write. */
const MAX_VALUE = 4096;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON as it is. Throws Unreadable. */
export function jsonOf(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Unreadable(`${where} is not JSON: ${errorText(error)}`);
  }
}

/**
 * The output of `mdevctl list --dumpjson`: `[{ "matrix": [{ UUID: definition }] }]`. Mdevs of other parents are passed over. Throws
 * Unreadable when it has another shape.
 */
export function readMdevctlList(text: string, where: string): Reading {
  const list = jsonOf(text, where);
  const parents = isObject(list) ? [list] : list;
  if (!Array.isArray(parents) || !parents.every(isObject))
    throw new Unreadable(
      `${where} is not what mdevctl list --dumpjson prints: [{"matrix": [{UUID: {...}}]}]`,
    );
  const problems: Problem[] = [];
  const definitions = new Map<string, ObservedMdev>();
  for (const [parent, mdevs] of parents.flatMap((one) => Object.entries(one))) {
    if (parent !== 'matrix') {
      problems.push({
        where,
        what: `mdevs of ${parent.slice(0, 40)} are passed over: they are not of vfio_ap`,
      });
      continue;
    }
    if (!Array.isArray(mdevs) || !mdevs.every(isObject))
      throw new Unreadable(`${where}: "matrix" has to be a list of {UUID: {...}}`);
    for (const [uuid, definition] of mdevs.flatMap((one) => Object.entries(one))) {
      const reading = readDefinition(uuid, definition, where);
      problems.push(...reading.problems);
      if (reading.mdev === undefined) continue;
      if (definitions.has(reading.mdev.uuid))
        problems.push({ where, what: `${reading.mdev.uuid} stands there twice: the first counts` });
      else definitions.set(reading.mdev.uuid, reading.mdev);
    }
  }
  return { host: { ...NOTHING, definitions: [...definitions.values()] }, problems };
}

/** One definition, `{ "mdev_type", "start", "attrs": [{ name: value }] }`; without an mdev when it is none of vfio_ap. */
export function readDefinition(
  name: string,
  definition: unknown,
  where: string,
): { readonly mdev?: ObservedMdev; readonly problems: readonly Problem[] } {
  const place = `${where}, ${name.slice(0, 40)}`;
  const uuid = uuidOf(name);
  const bad = (what: string) => ({ problems: [{ where: place, what: `${what}: passed over` }] });
  if (uuid === undefined) return bad('it is no UUID');
  if (!isObject(definition)) return bad('it is no definition');
  const { mdev_type: type, start, attrs = [] } = definition;
  if (type !== MDEV_TYPE) return bad(`its type is not ${MDEV_TYPE}`);
  if (!Array.isArray(attrs) || !attrs.every(isObject)) return bad('its attrs are no list of {name: value}');
  const problems: Problem[] = [];
  const writes: MdevWrite[] = [];
  for (const [attribute, value] of attrs.flatMap((one) => Object.entries(one))) {
    if (isMdevAttribute(attribute) && typeof value === 'string' && value.length <= MAX_VALUE)
      writes.push({ attribute, value });
    else
      problems.push({
        where: place,
        what: `${attribute.slice(0, 40)} is no attribute with a text: left out`,
      });
  }
  return {
    mdev: { uuid, writes, ...(start === 'auto' || start === 'manual' ? { start } : {}) },
    problems,
  };
}
