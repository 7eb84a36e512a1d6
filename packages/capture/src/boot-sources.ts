/** What the files of a reboot say, in the order in which a boot reads them. */
import { type Apqn, type Mask256, parseApqn } from '@apledger/ap';
import { BUS_ATTRIBUTES, type BusAttribute, MASK_NAMES, type MaskName } from '@apledger/events';
import type { CapturedFiles } from './archive.ts';
import {
  AP_RULE,
  AUTOSTART,
  type AutostartedGuest,
  BOOT,
  type BootFacts,
  COMMAND_LINE,
  DEFINITIONS,
  DRIVERCTL,
  MODPROBE,
  MODULES_LOAD,
  RULES,
  TMPFILES,
} from './boot-files.ts';
import { isOfAttribute, readBootParameters, startingAttributes } from './boot-parameters.ts';
import { definitionsOf } from './definitions.ts';
import { jsonOf } from './mdevctl.ts';
import { type ObservedMdev, type Problem, Unreadable } from './observed.ts';
import { readApRule } from './udev-rule.ts';
import { uuidOf } from './values.ts';

/** A value, and the file that keeps it. */
export interface Kept<T> {
  readonly value: T;
  readonly file: string;
}

export interface BootSources {
  /** Kernel and module parameters as they are written. */
  readonly parameters: Readonly<Partial<Record<MaskName, Kept<string>>>>;
  /** Kernel and module parameters of the bus's other attributes. */
  readonly attributes: Readonly<Partial<Record<BusAttribute, Kept<number>>>>;
  /** What udev writes, in its order: the last one of a mask stands. */
  readonly rules: readonly (Kept<Mask256> & { readonly mask: MaskName })[];
  /** Files that load vfio_ap. */
  readonly loaders: readonly string[];
  /** Whether vfio_ap is part of the kernel, so that nothing has to load it; undefined when no file says so. */
  readonly vfioApIsBuiltIn: boolean | undefined;
  readonly overrides: readonly (Kept<string> & { readonly queue: Apqn })[];
  readonly definitions: readonly ObservedMdev[];
  /** Guests that libvirt starts; undefined when nobody looked. */
  readonly guests: readonly AutostartedGuest[] | undefined;
  /** Files that write to the AP bus in ways that are not followed here. */
  readonly others: readonly string[];
  /** The initrd, when it is older than 41-ap.rules. */
  readonly staleInitrds: readonly string[];
}

/**
 * Reads what `bootFiles` took. `problems`: what it does not understand and leaves out, so that a reboot may give something else.
 * `notes`: what kernel or udev make of a file, where that may surprise.
 */
export function readBootSources(files: CapturedFiles): {
  readonly sources: BootSources;
  readonly problems: readonly Problem[];
  readonly notes: readonly Problem[];
} {
  const problems: Problem[] = [];
  const notes: Problem[] = [];
  const reader = new Reader(files, problems, notes);
  const parameters = reader.parameters();
  const definitions = definitionsOf(files);
  problems.push(...definitions.problems);
  return {
    sources: {
      ...parameters,
      ...reader.rules(),
      vfioApIsBuiltIn: reader.facts.builtIn.vfio_ap,
      overrides: reader.overrides(),
      definitions: definitions.definitions,
      guests: reader.guests(),
      others: reader.below(TMPFILES),
      staleInitrds: reader.staleInitrds(),
    },
    problems,
    notes,
  };
}

class Reader {
  readonly #files: CapturedFiles;
  readonly #problems: Problem[];
  readonly #notes: Problem[];

  constructor(files: CapturedFiles, problems: Problem[], notes: Problem[]) {
    this.#files = files;
    this.#problems = problems;
    this.#notes = notes;
  }

  get facts(): BootFacts {
    const { builtIn, changed } = (this.#json(BOOT) ?? {}) as { readonly [K in keyof BootFacts]?: unknown };
    const of = (value: unknown): Readonly<Record<string, unknown>> =>
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
    const flag = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined);
    return {
      builtIn: { ap: flag(of(builtIn).ap), vfio_ap: flag(of(builtIn).vfio_ap) },
      changed: Object.fromEntries(Object.entries(of(changed)).map(([path, at]) => [path, String(at)])),
    };
  }

  below(folder: string): string[] {
    return [...this.#files.keys()].filter((path) => path.startsWith(`${folder}/`)).sort();
  }

  /** kmod gives the module the options of modprobe.d first, then those of the command line; the last one stands. */
  parameters(): Pick<BootSources, 'parameters' | 'attributes'> {
    const kept: Partial<Record<MaskName, Kept<string>>> = {};
    const attributes: Partial<Record<BusAttribute, Kept<number>>> = {};
    const take = (text: string, file: string): void => {
      const { host, problems } = readBootParameters(text, file);
      this.#notes.push(...problems.filter((problem) => !isOfAttribute(problem)));
      const numbers = startingAttributes(text);
      for (const name of BUS_ATTRIBUTES) {
        const value = numbers[name];
        if (value !== undefined) attributes[name] = { value, file };
      }
      for (const name of MASK_NAMES) {
        const value = host.boot[name];
        if (value !== undefined) kept[name] = { value, file };
      }
    };
    for (const path of this.below(MODPROBE)) {
      if (this.facts.builtIn.ap === true)
        this.#notes.push({
          where: path,
          what: 'the AP bus is part of this kernel, and no module: its options are not read',
        });
      else
        take(
          this.#text(path)
            .replace(/^\s*options\s+ap\s/gm, ' ')
            .replaceAll(/(^|\s)(?=\S+=)/g, '$1ap.'),
          path,
        );
    }
    take(this.#text(COMMAND_LINE), COMMAND_LINE);
    return { parameters: kept, attributes };
  }

  /** udev sorts by name, whatever the folder; of two with one name only that of /etc is read. */
  rules(): Pick<BootSources, 'rules' | 'loaders'> {
    const byName = new Map<string, string>();
    for (const path of [...RULES].reverse().flatMap((folder) => this.below(folder)))
      byName.set(path.split('/').at(-1) ?? path, path);
    const rules: BootSources['rules'][number][] = [];
    const loaders: string[] = [];
    for (const [, file] of [...byName].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (!file.startsWith('etc/')) {
        this.#notes.push({ where: file, what: 'is gone after a reboot, as everything below /run' });
        continue;
      }
      const text = this.#text(file);
      const { host, problems } = readApRule(text, file);
      this.#notes.push(...problems);
      for (const mask of MASK_NAMES) {
        const value = host.kept[mask];
        if (value !== undefined) rules.push({ mask, value, file });
      }
      if (/^(?!\s*#).*kmod load vfio_ap/m.test(text)) loaders.push(file);
    }
    return { rules, loaders: [...loaders, ...this.below(MODULES_LOAD)] };
  }

  /** One file for each device, `ap-05.0047`, with the name of the driver (of driverctl). */
  overrides(): BootSources['overrides'] {
    return this.below(DRIVERCTL).flatMap((file) => {
      const queue = parseApqn(file.slice(`${DRIVERCTL}/ap-`.length));
      const value = this.#text(file).trim();
      if (queue !== undefined && /^[a-z0-9_]{1,32}$/.test(value)) return [{ queue, value, file }];
      this.#tell(file, 'keeps no driver for a queue: passed over');
      return [];
    });
  }

  guests(): BootSources['guests'] {
    const list = this.#json(AUTOSTART);
    if (!Array.isArray(list)) return undefined;
    return list.flatMap((guest: unknown) => {
      const { name, mdevs } = (guest ?? {}) as { readonly name?: unknown; readonly mdevs?: unknown };
      if (typeof name !== 'string' || !Array.isArray(mdevs)) return [];
      const uuids = mdevs.flatMap((mdev) => (typeof mdev === 'string' ? (uuidOf(mdev) ?? []) : []));
      return [{ name: name.slice(0, 255), mdevs: uuids }];
    });
  }

  staleInitrds(): string[] {
    const { changed } = this.facts;
    const rule = Date.parse(String(changed[AP_RULE]));
    return Object.entries(changed).flatMap(([path, at]) =>
      path.startsWith('boot/') && Date.parse(String(at)) < rule ? [path] : [],
    );
  }

  #json(path: string): unknown {
    if (!this.#files.has(path)) return undefined;
    try {
      return jsonOf(this.#text(path), path);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.#tell(path, error.message);
      return undefined;
    }
  }

  #text(path: string): string {
    const file = this.#files.get(path);
    return file !== undefined && 'text' in file ? file.text : '';
  }

  #tell(where: string, what: string): void {
    this.#problems.push({ where, what });
  }
}

/** Whether a problem with this file leaves the masks or mdevs of a reboot unknown. */
export const isBootSource = (path: string): boolean =>
  [COMMAND_LINE, MODPROBE, ...RULES, DEFINITIONS, DRIVERCTL].some((place) => path.startsWith(place));
