/** Logs with facts, sealed into directories of the test. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EventLog, NewFact } from '@apledger/event-log';
import { Sealer, Signer, TileFiles } from '@apledger/sealer';
import { scratch } from '../support/file.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Adds so many facts, a commit each, to streams in turn. */
export async function addFacts(
  log: EventLog,
  count: number,
  streams: readonly string[] = ['host-a', 'host-b'],
): Promise<void> {
  const appends: Promise<unknown>[] = [];
  for (let i = 0; i < count; i++) {
    const fact: NewFact = {
      type: 'Counted',
      version: 1,
      occurredAt: '2026-11-26T15:00:00.000Z',
      data: { i },
      packed: new Uint8Array(),
    };
    const stream = streams[i % streams.length] ?? '';
    const commit = {
      stream,
      expected: 'any' as const,
      commandId: crypto.randomUUID(),
      actor: 'test',
      correlation: 'test',
    };
    appends.push(log.append({ ...commit, facts: [fact] }));
    if (appends.length === 1000) await Promise.all(appends.splice(0));
  }
  await Promise.all(appends);
}

/** A place for tiles and a signer. */
export interface Place {
  readonly files: TileFiles;
  readonly signer: Signer;
  readonly tlog: string;
  readonly signerDirectory: string;
}

export function place(directory = scratch()): Place {
  const [tlog, signerDirectory] = [join(directory, 'tlog'), join(directory, 'signer')];
  const signer = new Signer({ directory: signerDirectory, origin: 'ledger.example/test' });
  return { files: new TileFiles(tlog), signer, tlog, signerDirectory };
}

/** Seals what there is, as a process would that has just started; gives the checkpoint. */
export async function seal(log: EventLog, { files, signer }: Place): Promise<string> {
  const sealer = await Sealer.open({ log, files, signer });
  await sealer.step();
  return (await files.readCheckpoint()) ?? '';
}

/** A program that checks evidence with golang.org/x/mod, or why there is none. */
export function goVerifier():
  | ((...args: string[]) => { readonly status: number | null; readonly output: string })
  | string {
  const fetched = spawnSync(process.execPath, [join(ROOT, 'infra/go.mjs')], { encoding: 'utf8' });
  if (fetched.status !== 0) return fetched.stderr.trim();
  const files = fetched.stdout.trim();
  const version = readdirSync(join(files, 'usr/lib')).find((name) => name.startsWith('go-')) ?? '';
  const home = join(files, 'usr/lib', version);
  const program = join(scratch(), 'verify');
  execFileSync(join(home, 'bin/go'), ['build', '-o', program, join(import.meta.dirname, 'verify.go')], {
    env: {
      ...process.env,
      GOROOT: home,
      GOPATH: join(files, 'usr/share/gocode'),
      GOCACHE: join(ROOT, '.cache/go-build'),
      GO111MODULE: 'off',
      CGO_ENABLED: '0',
    },
    stdio: 'pipe',
  });
  return (...args) => {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };
}
