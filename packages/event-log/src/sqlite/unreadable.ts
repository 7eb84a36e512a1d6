/**
 * SQLite reports a read that the disk answers with EIO as a malformed database (SQLITE_IOERR_CORRUPTFS becomes SQLITE_CORRUPT). That would
 * send an administrator to his backups for a cable. So the file is read once more, and if that fails, the disk is the fault.
 */
import { openSync, readSync } from 'node:fs';
import { errorCode } from '@apledger/text';

const PIECE_BYTES = 1024 * 1024;
/** A file that could be read is not read again for so long: whatever is wrong with it then is asked about again and again. */
const TRUSTED_MS = 60_000;

const readAt = new Map<string, number>();

/** The error that the file system answers somewhere in the file or its WAL; undefined when all of it can be read. */
export function readFault(path: string): Error | undefined {
  const before = readAt.get(path);
  if (before !== undefined && performance.now() - before < TRUSTED_MS) return undefined;
  try {
    for (const file of [path, `${path}-wal`]) readWhole(file);
  } catch (error) {
    if (error instanceof Error && errorCode(error) === 'EIO') return error;
  }
  readAt.set(path, performance.now());
  return undefined;
}

/** Never closed: to close any descriptor of the file would give up the locks that SQLite holds on it in this process. */
const descriptors = new Map<string, number>();

function readWhole(file: string): void {
  const descriptor = descriptors.get(file) ?? openSync(file, 'r');
  descriptors.set(file, descriptor);
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  for (let at = 0, count = 1; count > 0; at += count)
    count = readSync(descriptor, piece, 0, piece.length, at);
}
