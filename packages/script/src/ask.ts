/** From a step to what it asks of a host: the commands of a write, or the answer of a read, as a shell on that host gives it. */

import { idsOf } from '@apledger/ap';
import type { Refusal } from '@apledger/driver';
import type { Command, Errno } from '@apledger/events';
import type { HostState } from '@apledger/host';
import { type Node, nodeAt, pathInSys, resolvePath } from '@apledger/sysfs';
import { errnoText } from './errno-text.ts';
import type { Operation } from './parse.ts';

/** Every operation but `host`, which is about which host there is rather than about one. */
export type HostOperation = Exclude<Operation, { readonly kind: 'host' }>;

/** Why a step failed without any command: it is not recorded. */
export interface Refused extends Refusal {
  /** What a shell prints on standard error. */
  readonly message: string;
}

/** What needs no command. */
export interface Answer {
  /** For standard output; may be there although a part of the step failed. */
  readonly output: string;
  /** Where relative paths begin from now on, below /sys, by the names that `cd` was given; only after `cd`. */
  readonly directory?: string;
  readonly refused?: Refused;
}

/** What a step asks of a host. */
export type Asked =
  | Answer
  | {
      /** One after the other, each only when the one before was done. */
      readonly commands: readonly Command[];
      /** Begins what a shell prints when one of them is refused. */
      readonly complaint: string;
    };

/** What the operation asks of a host in this state; `directory` is where relative paths begin, below /sys. */
export function ask(state: HostState, directory: string, operation: HostOperation): Asked {
  const shell = new Shell(state, directory);
  switch (operation.kind) {
    case 'cd':
      return shell.changeDirectory(operation.path);
    case 'ls':
      return shell.list(operation.path);
    case 'readlink':
      return shell.readLink(operation.path);
    case 'cat':
      return shell.concatenate(operation.paths);
    case 'echo':
      return operation.path === undefined
        ? { output: operation.text }
        : shell.write(operation.path, operation.text);
    case 'guest':
      return ofGuest(state, operation);
    case 'scan':
      return command('scan', { type: 'ScanBus' });
    case 'reboot':
      return ofReboot(state, operation.autostart);
    case 'modprobe':
      return command('modprobe vfio_ap', { type: 'LoadModule', module: 'vfio_ap' });
    case 'rmmod':
      return command('rmmod vfio_ap', { type: 'UnloadModule', module: 'vfio_ap' });
    case 'zeroize':
      return command('zeroize', { type: 'ZeroizeQueues', queues: [...operation.queues], by: operation.by });
    case 'hardware':
      return command('hardware', { type: 'ChangeHardware', ...operation.settings });
    case 'card':
      return ofCard(shell, operation);
  }
}

const command = (complaint: string, ...commands: readonly Command[]): Asked => ({ commands, complaint });

const NO_CONFLICTS = { conflicts: [] };

/** As a shell prints it: `message: No such device`. An empty remedy = nothing would help. */
const failed = (errno: Errno, message: string, explanation: string, remedy: string): Answer => ({
  output: '',
  refused: { errno, message: `${message}: ${errnoText[errno]}`, explanation, remedy, ...NO_CONFLICTS },
});

/** What shells check themselves, and say in words that no errno of ours has. */
const unfit = (message: string, explanation: string): Answer => ({
  output: '',
  refused: { errno: 'EINVAL', message, explanation, remedy: '', ...NO_CONFLICTS },
});

/** Files of one host as of one moment. */
class Shell {
  readonly #state: HostState;
  readonly #directory: string;

  constructor(state: HostState, directory: string) {
    this.#state = state;
    this.#directory = directory;
  }

  /** As bash: `..` takes back the last name, also where that is a link. */
  changeDirectory(path: string): Answer {
    const directory = this.#logical(path);
    const node = directory === undefined ? undefined : this.#followed(directory);
    if (directory === undefined || node === undefined) return this.#missing(`cd: ${path}`, path);
    if (node.kind !== 'directory') return unfit(`cd: ${path}: Not a directory`, `${path} is a file.`);
    return { output: '', directory };
  }

  /** The path that `cd` goes to, without `.` and `..`; undefined outside of /sys, and after what is no directory. */
  #logical(path: string): string | undefined {
    const names: string[] = [];
    for (const name of this.#below(path)?.split('/') ?? ['..']) {
      if (name !== '..') names.push(...(name === '' || name === '.' ? [] : [name]));
      else if (this.#followed(names.join('/'))?.kind !== 'directory' || names.pop() === undefined)
        return undefined;
    }
    return names.join('/');
  }

  list(path: string): Answer {
    const node = this.#target(path);
    if (node === undefined) return this.#missing(`ls: cannot access '${path}'`, path);
    if (node.kind !== 'directory') return { output: `${path}\n` };
    return {
      output: node
        .list()
        .map((name) => `${name}\n`)
        .join(''),
    };
  }

  readLink(path: string): Answer {
    const inSys = this.#path(path);
    const node = inSys === undefined ? undefined : nodeAt(this.#state, inSys);
    if (node === undefined) return this.#missing(`readlink: ${path}`, path);
    if (node.kind === 'link') return { output: `${node.target}\n` };
    return failed('EINVAL', `readlink: ${path}`, `${path} is no link.`, '');
  }

  /** Every file that can be read is printed; of several failures, the last is told. */
  concatenate(paths: readonly string[]): Answer {
    const answers = paths.map((path) => this.#read(path));
    const refused = answers.findLast((answer) => answer.refused !== undefined)?.refused;
    const output = answers.map((answer) => answer.output).join('');
    return { output, ...(refused === undefined ? {} : { refused }) };
  }

  #read(path: string): Answer {
    const node = this.#target(path);
    if (node === undefined) return this.#missing(`cat: ${path}`, path);
    if (node.kind !== 'attribute')
      return unfit(`cat: ${path}: Is a directory`, `${path} is a directory; ls shows what is in it.`);
    const content = node.read();
    if (typeof content === 'string') return { output: content };
    const remedy = content.errno === 'EACCES' ? 'It can only be written to.' : '';
    return failed(content.errno, `cat: ${path}`, `${path}: ${content.explanation}.`, remedy);
  }

  write(path: string, text: string): Asked {
    const node = this.#target(path);
    // A shell creates what it redirects into, and nothing can be created in sysfs; that the file is missing says more.
    if (node === undefined) return this.#missing(path, path);
    if (node.kind !== 'attribute') return unfit(`${path}: Is a directory`, `${path} is a directory.`);
    const wanted = node.write(text);
    if (wanted === undefined) return { output: '' };
    if ('command' in wanted) return command('echo: write error', wanted.command);
    const { errno, explanation } = wanted;
    return errno === 'EACCES'
      ? failed(errno, path, `${path}: ${explanation}.`, 'It can only be read.')
      : failed(errno, 'echo: write error', `${path}: ${explanation}.`, '');
  }

  #missing(message: string, path: string): Answer {
    return this.#path(path) === undefined
      ? failed('ENOENT', message, `${path} does not lie in /sys.`, 'A simulated host has nothing but /sys.')
      : failed(
          'ENOENT',
          message,
          `There is no ${path} on host ${this.#state.name}.`,
          'ls shows what there is.',
        );
  }

  /** A path as typed, below the sysfs root; undefined when it lies outside. */
  #path(path: string): string | undefined {
    const inSys = this.#below(path);
    const names = inSys?.split('/') ?? [];
    const leaves = names.some(
      (name, at) => name === '..' && resolvePath(this.#state, names.slice(0, at).join('/')) === '',
    );
    return leaves ? undefined : inSys;
  }

  #below(path: string): string | undefined {
    return path.startsWith('/') ? pathInSys(path) : `${this.#directory}/${path}`;
  }

  /** What lies at a path as typed when a link at its end is followed, too. */
  #target(path: string): Node | undefined {
    const inSys = this.#path(path);
    return inSys === undefined ? undefined : this.#followed(inSys);
  }

  #followed(inSys: string): Node | undefined {
    const resolved = resolvePath(this.#state, inSys);
    return resolved === undefined ? undefined : nodeAt(this.#state, resolved);
  }
}

function ofGuest(state: HostState, operation: Extract<HostOperation, { kind: 'guest' }>): Asked {
  const { action, guest } = operation;
  const complaint = `guest ${action} ${guest}`;
  if (action === 'start') return command(complaint, { type: 'StartGuest', mdev: operation.mdev, guest });
  if (action === 'attach') return command(complaint, { type: 'AttachMdev', mdev: operation.mdev, guest });
  if (action === 'detach') return ofDetach(state, complaint, operation.mdev, guest);
  const types = { stop: 'StopGuest', migrate: 'MigrateGuest', reset: 'ResetGuestDevice' } as const;
  const opened = [...state.mdevs.values()].filter((mdev) => mdev.guest === guest);
  if (opened.length > 0)
    return command(complaint, ...opened.map(({ uuid }) => ({ type: types[action], mdev: uuid })));
  return failed(
    'ENODEV',
    `${complaint}: it is not running`,
    `No guest ${guest} has an mdev open on host ${state.name}.`,
    `Start it first: guest start ${guest} UUID.`,
  );
}

/** A guest can only give back what it has. */
function ofDetach(state: HostState, complaint: string, uuid: string, guest: string): Asked {
  const holder = state.mdevs.get(uuid)?.guest ?? null;
  if (holder === null || holder === guest) return command(complaint, { type: 'DetachMdev', mdev: uuid });
  return failed(
    'ENODEV',
    `${complaint} ${uuid}`,
    `Guest ${holder} has mdev ${uuid}, not ${guest}.`,
    `guest detach ${holder} ${uuid} takes it from that one.`,
  );
}

const MATRIX = [
  ['adapters', 'AssignAdapter'],
  ['domains', 'AssignDomain'],
  ['controlDomains', 'AssignControlDomain'],
] as const;

/** What mdevctl does after a boot: the mdevs are made again, as they are now, one file after the other. */
function ofReboot(state: HostState, autostart: readonly string[]): Asked {
  const missing = autostart.find((uuid) => !state.mdevs.has(uuid));
  if (missing !== undefined)
    return failed(
      'ENODEV',
      `host reboot: ${missing}`,
      `There is no mdev ${missing} on host ${state.name}, whose matrix could be made again.`,
      'Leave it out of autostart=.',
    );
  const made = autostart.flatMap((mdev): Command[] => {
    const assigned = state.mdevs.get(mdev)?.assigned;
    if (assigned === undefined) return [];
    const writes = MATRIX.flatMap(([axis, type]) =>
      idsOf(assigned[axis]).map((id) => ({ type, mdev, text: `${id}` }) as const),
    );
    return [{ type: 'CreateMdev', text: mdev }, ...writes];
  });
  return command('host reboot', { type: 'RebootHost' }, ...made);
}

function ofCard(shell: Shell, { card, attribute, value }: Extract<HostOperation, { kind: 'card' }>): Asked {
  if (attribute === 'config') return shell.write(`/sys/devices/ap/card${card}/config`, `${value}\n`);
  if (value !== '0' && value !== '1')
    return failed(
      'EINVAL',
      `card ${card}: chkstop=${value}`,
      `${value} is neither 0 nor 1.`,
      'Write 0 or 1.',
    );
  const adapter = Number.parseInt(card, 16);
  return command(`card ${card}`, { type: 'SetCheckStop', adapter, checkStopped: value === '1' });
}
