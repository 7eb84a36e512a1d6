/** A simulated host's /sys as files in a directory, with the kernel's version and command line beside it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CommandHandler } from '@apledger/command-handler';
import { openSqliteLog } from '@apledger/event-log';
import type { HostState } from '@apledger/host';
import { scratch } from '../support/file.ts';
import { put, writeSysfs } from '../support/sysfs-files.ts';
import { apledger, objects } from './support.ts';

/** The host as the log in the directory has it. */
export async function stateIn(directory: string, host: string): Promise<HostState> {
  const log = await openSqliteLog({ directory, readOnly: true });
  try {
    const state = await new CommandHandler(log).state(host);
    if (state === undefined) throw new Error(`no host ${host}`);
    return state;
  } finally {
    await log.close();
  }
}

/** A host's view without what belongs to the ledger and not to the host. */
export async function viewOf(data: string, host: string): Promise<Record<string, unknown>> {
  const { out } = await apledger('show', 'host', host, '--json', '--data', data);
  const [view = {}] = objects(out);
  const { host: _, revision, position, occurredAt, ...rest } = view;
  return rest;
}

/** Options of `apledger capture` for what was written. */
export function writeTree(state: HostState, kernel: string, commandLine = ''): string[] {
  const root = scratch();
  const [sys, etc, proc] = ['sys', 'etc', 'proc'].map((name) => join(root, name)) as [string, string, string];
  writeSysfs(state, sys);
  put(join(proc, 'sys/kernel/osrelease'), `${kernel}\n`);
  put(join(proc, 'cmdline'), `${commandLine}\n`);
  mkdirSync(etc);
  return ['--sysfs', sys, '--etc', etc, '--proc', proc];
}
