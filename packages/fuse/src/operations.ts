/** What each request does: the file system as the kernel sees it, with the manners of kernfs, which sysfs is made of. */
import { constants } from 'node:fs';
import { FATTR, MAJOR } from './codec/protocol.ts';
import type { Attributes, Entry, Replies } from './codec/replies.ts';
import type { Body, Header } from './codec/requests.ts';
import { Refused } from './errno.ts';
import type { Caller, File, FileSystem, Node, View } from './file-system.ts';
import { childOf, inodeNumber, type Known, type Nodes } from './nodes.ts';

/** What one store takes: a page, as in sysfs. */
export const STORE_MAX = 4096;
/** st_size of a file: a page, whatever the content; of anything else 0. As in sysfs. */
const FILE_SIZE = 4096;
export const DIRECTORY_MODE = 0o755;
const LINK_MODE = 0o777;
const ANY_READ = 0o444;
const ANY_WRITE = 0o222;
const ACCESS_MODE = 3;

/** Whose all nodes are. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** A file as one program opened it. */
interface OpenFile {
  readonly node: Known;
  /** As of the last read from offset 0. */
  content?: Promise<Uint8Array>;
}

/** A directory as one program opened it. */
interface OpenDirectory {
  readonly node: Known;
  /** As of the last listing from the start. */
  listed?: { readonly view: View; readonly names: readonly string[] };
}

export class Operations {
  readonly #fs: FileSystem;
  readonly #nodes: Nodes;
  readonly #replies: Replies;
  readonly #owner: Owner;
  readonly #time = Math.floor(Date.now() / 1000);
  readonly #files = new Map<number, OpenFile>();
  readonly #directories = new Map<number, OpenDirectory>();
  #lastHandle = 0;

  constructor(fs: FileSystem, nodes: Nodes, replies: Replies, owner: Owner) {
    this.#fs = fs;
    this.#nodes = nodes;
    this.#replies = replies;
    this.#owner = owner;
  }

  /**
   * The reply to a request. `isWaiting` = whether anybody still waits for it: nothing is begun for a caller who left.
   * @throws Refused what the kernel is to be told
   */
  async answer(header: Header, body: Body, isWaiting: () => boolean): Promise<Uint8Array> {
    const { unique, caller } = header;
    const replies = this.#replies;
    const view = async (): Promise<View> => {
      const now = await this.#fs.view();
      if (!isWaiting()) throw new Refused('EINTR');
      return now;
    };
    switch (body.op) {
      case 'init':
        if (body.major < MAJOR) throw new Refused('EPROTO');
        return body.major > MAJOR ? replies.initMajor(unique) : replies.init(unique, body.maxReadahead);
      case 'lookup':
        return this.#lookup(unique, this.#known(header), body.name, await view());
      case 'getattr':
        return replies.attributes(unique, this.#attributes(this.#known(header)));
      case 'setattr':
        // A size is what opening with O_TRUNC asks for; it means nothing here, as times do.
        if (body.valid & (FATTR.MODE | FATTR.UID | FATTR.GID)) throw new Refused('EPERM');
        return replies.attributes(unique, this.#attributes(this.#known(header)));
      case 'readlink': {
        const link = nodeAt(await view(), this.#known(header), 'ENOENT');
        if (link.kind !== 'link') throw new Refused('EINVAL');
        return replies.data(unique, Buffer.from(link.target));
      }
      case 'open':
        return this.#open(unique, this.#known(header), body.flags, await view());
      case 'read':
        return replies.data(
          unique,
          await this.#read(opened(this.#files, body.handle), body.offset, body.size),
        );
      case 'write': {
        const { node } = opened(this.#files, body.handle);
        return replies.written(unique, await store(fileAt(await view(), node), body.data, caller));
      }
      case 'release':
        this.#files.delete(body.handle);
        return replies.ok(unique);
      case 'opendir': {
        const node = this.#known(header);
        if (nodeAt(await view(), node, 'ENOENT').kind !== 'directory') throw new Refused('ENOTDIR');
        return replies.openDirectory(unique, this.#handle(this.#directories, { node }));
      }
      case 'readdir': {
        const entries = await this.#entries(opened(this.#directories, body.handle), body.offset, view);
        return replies.entries(unique, entries, body.size);
      }
      case 'releasedir':
        this.#directories.delete(body.handle);
        return replies.ok(unique);
      case 'statfs':
        return replies.statfs(unique);
      // As the kernel answers on sysfs, where directories have no such operations.
      case 'create':
        throw new Refused('EACCES');
      case 'change':
        throw new Refused('EPERM');
      default:
        // Extended attributes, locks, polling and so on: the kernel does what it does on a file system without them.
        throw new Refused('ENOSYS');
    }
  }

  #lookup(unique: bigint, directory: Known, name: string | undefined, view: View): Uint8Array {
    if (directory.isGone || name === undefined) throw new Refused('ENOENT');
    const path = childOf(directory.path, name);
    const node = view.node(path);
    if (node === undefined) throw new Refused('ENOENT');
    const known = this.#nodes.lookedUp(path, node.kind, permissions(node));
    return this.#replies.entry(unique, known.id, this.#attributes(known));
  }

  /** kernfs asks for permission bits of its own accord, so that root needs them too. */
  #open(unique: bigint, known: Known, flags: number, view: View): Uint8Array {
    const { mode } = fileAt(view, known);
    const access = flags & ACCESS_MODE;
    if (access !== constants.O_WRONLY && !(mode & ANY_READ)) throw new Refused('EACCES');
    if (access !== constants.O_RDONLY && !(mode & ANY_WRITE)) throw new Refused('EACCES');
    return this.#replies.open(unique, this.#handle(this.#files, { node: known }));
  }

  async #read(file: OpenFile, offset: number, size: number): Promise<Uint8Array> {
    if (file.node.isGone) throw new Refused('ENODEV');
    if (offset === 0 || file.content === undefined) {
      // Kept before it is there: anyone who reads on meanwhile waits for the same answer.
      file.content = this.#content(file.node);
    }
    const asked = file.content;
    try {
      return (await asked).subarray(offset, offset + size);
    } catch (error) {
      if (file.content === asked) delete file.content; // the next read asks again
      throw error;
    }
  }

  async #content(node: Known): Promise<Uint8Array> {
    const content = await fileAt(await this.#fs.view(), node).read();
    if ('errno' in content) throw new Refused(content.errno);
    return content;
  }

  async #entries(
    directory: OpenDirectory,
    offset: number,
    view: () => Promise<View>,
  ): Promise<Iterable<Entry>> {
    if (offset === 0 || directory.listed === undefined) {
      const now = await view();
      const node = nodeAt(now, directory.node, 'ENOENT');
      if (node.kind !== 'directory') throw new Refused('ENOTDIR');
      directory.listed = { view: now, names: ['.', '..', ...node.list()] };
    }
    return entriesFrom(directory.listed.view, directory.listed.names, directory.node, offset);
  }

  #known({ node }: Header): Known {
    const known = this.#nodes.known(node);
    if (known === undefined) throw new Refused('ESTALE');
    return known;
  }

  #handle<T>(handles: Map<number, T>, opened: T): number {
    handles.set(++this.#lastHandle, opened);
    return this.#lastHandle;
  }

  /** As of the last lookup, which every use of a path begins with; who has open what is gone may still ask. */
  #attributes({ ino, kind, mode }: Known): Attributes {
    return { ino, kind, mode, size: kind === 'file' ? FILE_SIZE : 0, ...this.#owner, time: this.#time };
  }
}

function opened<T>(handles: ReadonlyMap<number, T>, handle: number): T {
  const found = handles.get(handle);
  if (found === undefined) throw new Refused('EBADF');
  return found;
}

function permissions(node: Node): number {
  if (node.kind === 'file') return node.mode;
  return node.kind === 'directory' ? DIRECTORY_MODE : LINK_MODE;
}

function nodeAt(view: View, known: Known, otherwise: string): Node {
  const node = known.isGone ? undefined : view.node(known.path);
  if (node === undefined) throw new Refused(otherwise);
  return node;
}

/** ENODEV is what kernfs says about an open file whose device is gone. */
function fileAt(view: View, known: Known): File {
  const node = nodeAt(view, known, 'ENODEV');
  if (node.kind !== 'file') throw new Refused('ENODEV');
  return node;
}

/** One write, one store, whatever its offset, as in sysfs. The caller is told how many bytes of it were taken. */
async function store(file: File, data: Uint8Array, caller: Caller): Promise<number> {
  const failed = await file.write(data, caller);
  if (failed !== undefined) throw new Refused(failed.errno);
  return data.length;
}

/** Entries are looked at while they fit into the reply. */
function* entriesFrom(
  view: View,
  names: readonly string[],
  { path: directory }: Known,
  offset: number,
): Iterable<Entry> {
  for (let n = offset; n < names.length; n++) {
    const name = names[n] ?? '';
    const isSelf = n < 2;
    const path = isSelf ? directory : childOf(directory, name);
    const kind = isSelf ? 'directory' : view.node(path)?.kind;
    yield { next: n + 1, ino: inodeNumber(path), kind, name };
  }
}
