/**
 * What belongs to one test file and ends with it. Files share a process, and with it what modules hold: a hook that a module registers
 * while it loads would be that of the first file alone. So modules say here what has to end, and a set-up file, which runs once for each
 * test file, ends it.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type End = () => unknown;

const ofFile: End[] = [];
const ofTest: End[] = [];
let isInTest = false;
let root: string | undefined;

/** Has to be undone when the tests of this file are over, the last one first. */
export const atEnd = (end: End): void => void ofFile.push(end);

/** Has to be undone when the running test is over, or outside of one, when those of this file are. */
export const atEndOfTest = (end: End): void => void (isInTest ? ofTest : ofFile).push(end);

/** Something of which each test file has one: made when it is first asked for. */
export function perFile<T>(make: () => T, end: (made: T) => unknown): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    if (made !== undefined) return made.value;
    const value = make();
    made = { value };
    atEnd(() => {
      made = undefined;
      return end(value);
    });
    return value;
  };
}

/** Processes of the file: those that live at its end get the signal, and are waited for. */
export function processesOfFile(signal: NodeJS.Signals): (child: ChildProcess) => void {
  const living = perFile(
    () => new Set<ChildProcess>(),
    async (children) => {
      const ends = [...children].map((child) => once(child, 'close'));
      for (const child of children) child.kill(signal);
      await Promise.all(ends);
    },
  );
  return (child) => {
    const ours = living();
    ours.add(child);
    child.once('close', () => ours.delete(child));
  };
}

/** A new directory that goes with the test file. */
export function scratch(): string {
  root ??= mkdtempSync(join(tmpdir(), 'apledger-test-'));
  return mkdtempSync(join(root, 'd'));
}

export function beginTest(): void {
  isInTest = true;
}

export async function endTest(): Promise<void> {
  isInTest = false;
  for (const end of ofTest.splice(0).reverse()) await end();
}

/** Directories last: what lives writes into them. */
export async function endFile(): Promise<void> {
  for (const end of ofFile.splice(0).reverse()) await end();
  if (root !== undefined) rmSync(root, { recursive: true, force: true });
  root = undefined;
}
