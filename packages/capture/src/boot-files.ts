/**
 * The files that say what a reboot would give, taken through a port: a capture, `apledger drift` and the agent read the same ones.
 *
 * Of files that may hold anything, only what belongs to the AP bus is kept.
 */
import type { CapturedFile } from './archive.ts';
import { apParameters } from './boot-parameters.ts';
import { readDomainMdevs } from './domain.ts';
import { Unreadable } from './observed.ts';
import { isApRule } from './udev-rule.ts';
import { uuidOf } from './values.ts';

export const KERNEL = 'proc/sys/kernel/osrelease';
export const COMMAND_LINE = 'proc/cmdline';
export const AP_RULE = 'etc/udev/rules.d/41-ap.rules';
export const DEFINITIONS = 'etc/mdevctl.d/matrix';
export const MODPROBE = 'etc/modprobe.d';
export const MODULES_LOAD = 'etc/modules-load.d';
export const RULES = ['etc/udev/rules.d', 'run/udev/rules.d'] as const;
export const DRIVERCTL = 'etc/driverctl.d';
export const TMPFILES = 'etc/tmpfiles.d';
const DOMAINS = 'etc/libvirt/qemu';
/** What is written here itself: guests that libvirt starts at boot; how the kernel has its modules, and the age of rule and initrd. */
export const AUTOSTART = 'autostart.json';
export const BOOT = 'boot.json';

export interface BootFacts {
  /** Whether each is part of the kernel; undefined when that cannot be seen. */
  readonly builtIn: { readonly ap?: boolean | undefined; readonly vfio_ap?: boolean | undefined };
  /** When these files were last changed, by their paths. ISO 8601 in UTC. */
  readonly changed: Readonly<Record<string, string>>;
}

/** Reads below the roots `sys`, `proc`, `etc`, `run` and `boot`. What cannot be read is its own affair: it keeps the problems. */
export interface FileSource {
  /** The text of a file; undefined when it is not there or cannot be read. */
  read(path: string): string | undefined;
  /** The names in a folder, sorted; none when it is not there. */
  names(path: string): readonly string[];
  /** When the file was last changed; undefined when it is not there. */
  changedAt(path: string): Date | undefined;
  problem(where: string, what: string): void;
}

/** Everything that a reboot reads about the AP bus. `guests`: also which guests libvirt starts, and with which mdevs. */
export function bootFiles(
  source: FileSource,
  { guests }: { readonly guests: boolean },
): ReadonlyMap<string, CapturedFile> {
  const files = new Map<string, CapturedFile>();
  const put = (path: string, text: string | undefined): void => {
    if (text !== undefined && text !== '') files.set(path, { text });
  };
  put(COMMAND_LINE, `${apParameters(source.read(COMMAND_LINE) ?? '')}\n`);
  for (const [folder, isOurs] of LINES)
    for (const path of filesIn(source, folder, '.conf')) put(path, linesOf(source.read(path), isOurs));
  for (const path of RULES.flatMap((folder) => filesIn(source, folder, '.rules'))) {
    const text = source.read(path);
    if (text !== undefined && (path.endsWith('/41-ap.rules') || isApRule(text))) put(path, text);
  }
  for (const name of source.names(DEFINITIONS))
    if (uuidOf(name) !== undefined) put(`${DEFINITIONS}/${name}`, source.read(`${DEFINITIONS}/${name}`));
  for (const name of source.names(DRIVERCTL))
    if (name.startsWith('ap-')) put(`${DRIVERCTL}/${name}`, source.read(`${DRIVERCTL}/${name}`));
  const facts: BootFacts = { builtIn: builtIn(source), changed: changesOf(source) };
  put(BOOT, json(facts));
  if (guests) put(AUTOSTART, json(autostartOf(source)));
  return files;
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Folders of which single lines are kept. */
const LINES: readonly (readonly [string, RegExp])[] = [
  [MODPROBE, /^\s*options\s+ap\s/],
  [MODULES_LOAD, /^\s*vfio_ap\s*$/],
  [TMPFILES, /^\s*[wf]\S*\s+\/sys\/(?:bus|devices)\/(?:ap|vfio_ap)\b/],
];

const filesIn = (source: FileSource, folder: string, ending: string): string[] =>
  source
    .names(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`);

/** A line may be continued on the next one, after a backslash. */
function linesOf(text: string | undefined, isOurs: RegExp): string | undefined {
  const lines = text
    ?.replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => isOurs.test(line));
  return lines === undefined || lines.length === 0 ? undefined : `${lines.join('\n')}\n`;
}

/** A module that was loaded has the file `initstate`; one that is part of the kernel has at most its parameters there. */
function builtIn(source: FileSource): BootFacts['builtIn'] {
  const isLoaded = (module: string): boolean => source.read(`sys/module/${module}/initstate`) !== undefined;
  const isThere = (folder: string): boolean => source.names(folder).length > 0;
  return {
    ap: isThere('sys/module/ap') ? !isLoaded('ap') : undefined,
    vfio_ap: isLoaded('vfio_ap') ? false : isThere('sys/devices/vfio_ap'),
  };
}

/** The initrd may have a copy of the rule. Its content is packed, and mostly root's: only its age is seen. */
function changesOf(source: FileSource): Readonly<Record<string, string>> {
  const kernel = source.read(KERNEL)?.trim();
  const initrds = source
    .names('boot')
    .filter((name) => /^init(?:rd|ramfs)\b/.test(name) && (kernel === undefined || name.includes(kernel)))
    .map((name) => `boot/${name}`);
  return Object.fromEntries(
    [AP_RULE, ...initrds].flatMap((path) => {
      const changed = source.changedAt(path);
      return changed === undefined ? [] : [[path, changed.toISOString()]];
    }),
  );
}

export interface AutostartedGuest {
  readonly name: string;
  /** Mdevs that its definition names. */
  readonly mdevs: readonly string[];
}

function autostartOf(source: FileSource): AutostartedGuest[] {
  // autostart/ has links with absolute targets: the definition of that name beside it is what they point to.
  return source
    .names(`${DOMAINS}/autostart`)
    .filter((name) => name.endsWith('.xml'))
    .flatMap((file) => {
      const path = `${DOMAINS}/${file}`;
      const text = source.read(path);
      if (text === undefined) return [];
      try {
        return [readDomainMdevs(text, path)];
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        source.problem(path, error.message);
        return [];
      }
    });
}
