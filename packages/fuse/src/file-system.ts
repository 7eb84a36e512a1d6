/** What is shown: a tree as of one moment, and where to get the next one. */

/** Who asks, as the kernel names him; ids as seen from the namespaces of the mounting process. */
export interface Caller {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
}

/** Why an access fails: a name such as 'EBUSY'. */
export interface Failed {
  readonly errno: string;
}

export interface File {
  readonly kind: 'file';
  /** Permission bits. Without any read (write) bit, opening for that gives EACCES, also to root. */
  readonly mode: number;
  /** The whole content. Asked once for each read from offset 0; what is read behind it comes from the same answer. */
  read(): Uint8Array | Failed | Promise<Uint8Array | Failed>;
  /** One store, of at most 4096 bytes; they are the callee's to keep. undefined = all of them were taken. */
  write(data: Uint8Array, caller: Caller): undefined | Failed | Promise<undefined | Failed>;
}

export interface Link {
  readonly kind: 'link';
  readonly target: string;
}

export interface Directory {
  readonly kind: 'directory';
  list(): readonly string[];
}

export type Node = File | Link | Directory;

/** A tree that does not change. */
export interface View {
  /** What lies at the path ('' is the root, a directory; 'bus/ap' a path); links are not followed. undefined = nothing. */
  node(path: string): Node | undefined;
}

export interface FileSystem {
  /** The tree as of now. Every request is answered from one view; a slow one delays nobody else. */
  view(): View | Promise<View>;
}
