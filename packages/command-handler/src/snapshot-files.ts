/**
 * Snapshots as files: `DIRECTORY/HOST/REVISION`, each a SHA-256 of the rest, a line of JSON, and the state's bytes.
 *
 * A file that a killed process left unfinished, or that another one is writing at this moment, does not match its checksum: whoever
 * meets it takes the one before. So nothing is locked, synced or renamed.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostName } from '@apledger/events';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Snapshot, SnapshotStore } from './snapshots.ts';

const CHECKSUM_BYTES = 32;
const NEWLINE = 0x0a;
const hostName = Compile(HostName);
const head = Compile(
  Type.Object({ host: Type.String(), revision: Type.Integer(), hash: Type.String(), version: Type.String() }),
);

/** Snapshots below a directory, which is made with the first of them. Not being able to read them is as good as having none. */
export function snapshotFiles(directory: string): SnapshotStore {
  const folderOf = (host: string): string | undefined =>
    // Only such a name is safe as a file's.
    hostName.Check(host) ? join(directory, host) : undefined;

  return {
    async load(host, revision) {
      const folder = folderOf(host);
      if (folder === undefined) return undefined;
      const names = await readdir(folder).catch(() => []);
      const revisions = names.filter((name) => /^\d+$/.test(name)).map(Number);
      for (const at of revisions.filter((each) => each <= revision).sort((a, b) => b - a)) {
        const path = join(folder, String(at));
        const snapshot = snapshotOf(await readFile(path).catch(() => new Uint8Array()));
        if (snapshot?.host === host && snapshot.revision === at) return snapshot;
        await rm(path, { force: true }).catch(() => {});
      }
      return undefined;
    },
    async save(snapshot) {
      const folder = folderOf(snapshot.host);
      if (folder === undefined) return;
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, String(snapshot.revision)), fileOf(snapshot));
    },
    async drop(host, revision) {
      const folder = folderOf(host);
      if (folder !== undefined) await rm(join(folder, String(revision)), { force: true }).catch(() => {});
    },
  };
}

const checksum = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

function fileOf({ bytes, ...rest }: Snapshot): Uint8Array {
  const content = Buffer.concat([Buffer.from(`${JSON.stringify(rest)}\n`), bytes]);
  return Buffer.concat([checksum(content), content]);
}

/** The snapshot in a file; undefined when it is damaged. */
function snapshotOf(file: Uint8Array): Snapshot | undefined {
  const content = file.subarray(CHECKSUM_BYTES);
  if (!checksum(content).equals(file.subarray(0, CHECKSUM_BYTES))) return undefined;
  const end = content.indexOf(NEWLINE);
  const fields = jsonOf(content.subarray(0, Math.max(end, 0)));
  return head.Check(fields) ? { ...fields, bytes: content.subarray(end + 1) } : undefined;
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
