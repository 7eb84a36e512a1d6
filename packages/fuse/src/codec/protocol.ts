/**
 * The numbers of the kernel's FUSE protocol 7.31 that are used here, transcribed from the kernel's uapi header
 * linux/fuse.h under its BSD-2-Clause terms (Copyright (C) 2001-2008 Miklos Szeredi). Every structure is laid out alike on all
 * architectures and is in the byte order of the host.
 */
export const MAJOR = 7;
export const MINOR = 31;

export const ROOT_ID = 1;

/** Bytes of one WRITE. More than a store takes, so that a longer write(2) arrives as one request and can be cut short. */
export const MAX_WRITE = 32_768;
/** The kernel refuses to fill a buffer that could not take the largest request. */
export const READ_BUFFER = 65_536;

export const IN_HEADER = 40;
export const OUT_HEADER = 16;

export const OPCODE = {
  LOOKUP: 1,
  FORGET: 2,
  GETATTR: 3,
  SETATTR: 4,
  READLINK: 5,
  SYMLINK: 6,
  MKNOD: 8,
  MKDIR: 9,
  UNLINK: 10,
  RMDIR: 11,
  RENAME: 12,
  LINK: 13,
  OPEN: 14,
  READ: 15,
  WRITE: 16,
  STATFS: 17,
  RELEASE: 18,
  INIT: 26,
  OPENDIR: 27,
  READDIR: 28,
  RELEASEDIR: 29,
  CREATE: 35,
  INTERRUPT: 36,
  BATCH_FORGET: 42,
  RENAME2: 45,
} as const;

/** Flags of INIT. */
export const INIT = { ATOMIC_O_TRUNC: 1 << 3, BIG_WRITES: 1 << 5, PARALLEL_DIROPS: 1 << 18 } as const;
/** Flags in the answer to OPEN. */
export const FOPEN = { DIRECT_IO: 1 << 0, NOFLUSH: 1 << 5, PARALLEL_DIRECT_WRITES: 1 << 6 } as const;
/** Which attributes a SETATTR is about. */
export const FATTR = { MODE: 1 << 0, UID: 1 << 1, GID: 1 << 2 } as const;

/** File types of st_mode; shifted right by 12 they are those of directory entries. */
export const S_IFMT = { file: 0o100000, directory: 0o040000, link: 0o120000 } as const;
