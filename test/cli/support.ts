/** Runs the command line in this process and collects what it prints. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { main } from '@apledger/cli';
import { scratch } from '../support/file.ts';

export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** `apledger ARGS...`, as a shell would start it. */
export async function apledger(...args: string[]): Promise<Ended> {
  let out = '';
  let err = '';
  const status = await main(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    isInteractive: false,
  });
  return { status, out, err };
}

/** The text as a file. */
export function file(name: string, content: string | Buffer): string {
  const path = join(scratch(), name);
  writeFileSync(path, content);
  return path;
}

/** The objects of `--json` output. */
export const objects = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** Path of something in the repository. */
export const inRepository = (path: string): string => new URL(`../../${path}`, import.meta.url).pathname;
