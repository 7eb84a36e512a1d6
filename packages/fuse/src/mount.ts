/** From a file system to a mount: the device, mount(8), and the end. */
import { closeSync, openSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { endianness } from 'node:os';
import { resolve } from 'node:path';
import type { FileSystem } from './file-system.ts';
import { findMount, isDead, MountError, removeStale, typeOf } from './mount-table.ts';
import type { Owner } from './operations.ts';
import { start } from './program.ts';
import { Server } from './server.ts';
import {
  openEpoll,
  openPool,
  type PipeConstructor,
  pipeConstructor,
  type Transport,
  type TransportKind,
} from './transport.ts';

export interface MountOptions {
  /** The directory to mount over. */
  readonly at: string;
  /** The source that mount(8) shows. */
  readonly name: string;
  /** The type is shown as `fuse.SUBTYPE`. */
  readonly subtype?: string;
  /** Whose the files are; default: the mounting user's. */
  readonly owner?: Owner;
  /** Read with a thread of the pool even where the event loop can do it. */
  readonly transport?: 'pool';
  /** Told what went wrong in the file system, while a caller got EIO for it; default: process.emitWarning. */
  readonly report?: (error: Error) => void;
}

export interface Mount {
  /** Absolute, without links. */
  readonly at: string;
  readonly transport: TransportKind;
  /**
   * What lay at the path and below it is gone, even if something of the same name comes: open files answer ENODEV from now on, node
   * numbers are not used again.
   */
  gone(path: string): void;
  /** Resolves when it is unmounted, by whomever. */
  readonly ended: Promise<void>;
  /** Ends it at once: calls under way fail with ECONNABORTED, files that are still open with ENOTCONN. */
  unmount(): Promise<void>;
}

const DEVICE = '/dev/fuse';

/**
 * Mounts a file system and serves it from this process, until `unmount` or somebody else's umount(8). Needs root, or a user namespace
 * (`unshare -Urm`) and a /dev/fuse open to all. The process must not touch its own mount by synchronous calls (readFileSync): it would
 * wait for itself.
 * @throws MountError naming the place, the reason and the remedy
 */
export async function mount(fs: FileSystem, options: MountOptions): Promise<Mount> {
  await refuseTwice(options);
  const report = options.report ?? ((error) => process.emitWarning(error));
  const fd = openDevice();
  let transport: Transport;
  const server = new Server(fs, {
    isLittle: endianness() === 'LE',
    owner: options.owner ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    send: (reply) => transport.send(reply),
    report,
  });
  const Pipe = await mountDevice(fd, options);
  transport = connect(fd, Pipe, (message) => server.receive(message), options.transport);
  const at = (await findMount(options.at))?.at ?? resolve(options.at);

  const ended = transport.ended.then((why) => {
    server.end();
    if (why !== undefined) report(new MountError(`the mount at ${at} ended: ${why.message}`, { cause: why }));
  });
  let unmounted: Promise<void> | undefined;
  return {
    at,
    transport: transport.kind,
    gone: (path) => server.gone(path),
    ended,
    unmount: () => {
      unmounted ??= transport
        .close(() => statfs(at))
        .then(() => removeStale(at, options.subtype))
        .then(() => undefined);
      return unmounted;
    },
  };
}

/** Mounting on top of a mount would work, and leave the one below behind. */
async function refuseTwice({ at, subtype }: MountOptions): Promise<void> {
  const there = await findMount(at);
  if (there?.type !== typeOf(subtype)) return;
  throw new MountError(
    (await isDead(there))
      ? `${at} has a dead mount of ${there.name}: remove it first (umount -l ${at})`
      : `${at} is mounted already, as ${there.name}: unmount it first, or mount elsewhere`,
  );
}

function openDevice(): number {
  try {
    return openSync(DEVICE, 'r+');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const remedy =
      code === 'EACCES'
        ? 'be root, or let the administrator make it readable and writable for all'
        : 'the kernel has no FUSE; load its module (modprobe fuse)';
    throw new MountError(`cannot open ${DEVICE} (${code}): ${remedy}`, { cause: error });
  }
}

/** Has mount(8) tie the device to the place. Its output is where the class of pipe handles comes from. */
async function mountDevice(fd: number, options: MountOptions): Promise<PipeConstructor | undefined> {
  const { at, name, subtype } = options;
  const ids = `user_id=${process.getuid?.() ?? 0},group_id=${process.getgid?.() ?? 0}`;
  const how = `fd=3,rootmode=40755,${ids},default_permissions,allow_other,nosuid,nodev,noexec`;
  try {
    // -i: no helper, which would run the name as a program.
    const program = start('mount', ['-i', '-t', typeOf(subtype), '-o', how, '--', name, resolve(at)], fd);
    const Pipe = pipeConstructor(program.child);
    const { status, said } = await program.ended;
    if (status !== 0) throw new MountError(`cannot mount at ${at}: ${said}${remedyFor(said)}`);
    return Pipe;
  } catch (error) {
    closeSync(fd);
    if (error instanceof MountError) throw error;
    throw new MountError('cannot run mount(8): install util-linux', { cause: error });
  }
}

const remedyFor = (said: string): string =>
  /permission|superuser|not permitted/i.test(said) ? ' (be root, or in a user namespace: unshare -Urm)' : '';

function connect(
  fd: number,
  Pipe: PipeConstructor | undefined,
  receive: (message: Uint8Array) => void,
  wanted: 'pool' | undefined,
): Transport {
  try {
    if (wanted === undefined && Pipe !== undefined) return openEpoll(fd, Pipe, receive);
  } catch {
    // Not a Node that has it this way.
  }
  return openPool(fd, receive);
}
