/** The writer: the only part of the agent with the right to write. It takes one request, carries it out, and ends. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { isWritable } from '@apledger/events';
import { errorText } from '@apledger/text';
import { takeLock } from '../files/pid-lock.ts';
import { AP_LOCK } from '../roots.ts';
import type { WriteAnswer, WriteOutcome, WriteRequest } from './protocol.ts';

/** One page: the kernel takes no more (driver-rules 1). */
const MAX_TEXT = 4096;
const MAX_TIMEOUT_MS = 600_000;
/** How long others may hold the lock. */
const LOCK_MS = 30_000;

interface WriterPlaces {
  readonly sysfs: string;
  /** Where the lock is: RUN/lock. */
  readonly run: string;
  /** What starts this program again, to write once: its first words. */
  readonly self: readonly string[];
}

/** Never throws. */
export async function serveWrite(line: string, places: WriterPlaces): Promise<WriteAnswer> {
  const request = requestOf(line);
  if (typeof request === 'string') return { outcome: 'not-begun', reason: request };
  let release: () => Promise<void>;
  try {
    release = await takeLock(join(places.run, AP_LOCK.folder, AP_LOCK.name), LOCK_MS);
  } catch (error) {
    return { outcome: 'not-begun', reason: errorText(error) };
  }
  try {
    return await writeInChild(request, places);
  } finally {
    await release().catch(() => undefined);
  }
}

/** The request, or why it is none. */
function requestOf(line: string): WriteRequest | string {
  let given: Partial<WriteRequest>;
  try {
    given = JSON.parse(line) as Partial<WriteRequest>;
  } catch {
    return 'the request is not JSON';
  }
  const { file, text, timeoutMs } = given;
  if (typeof file !== 'string' || !isWritable(file))
    return `${String(file)} is no file that a command writes to`;
  if (typeof text !== 'string' || Buffer.byteLength(text) > MAX_TEXT)
    return `text: must have at most ${MAX_TEXT} bytes`;
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS))
    return `timeoutMs: must be from 1 to ${MAX_TIMEOUT_MS}`;
  return { file, text, timeoutMs };
}

function writeInChild(
  { file, text, timeoutMs }: WriteRequest,
  { sysfs, self }: WriterPlaces,
): Promise<WriteAnswer> {
  const [program = process.execPath, ...words] = self;
  return new Promise((resolve) => {
    // A process group of its own: who ends this one does not end a write that is under way.
    const child = spawn(program, [...words, '--write-once', join(sysfs, file)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    let said = '';
    const pids = [process.pid, ...(child.pid === undefined ? [] : [child.pid])];
    const end = (outcome: WriteOutcome): void => {
      clearTimeout(timer);
      resolve({ ...outcome, pids });
    };
    const timer = setTimeout(() => {
      child.unref();
      child.stdout.destroy();
      // It cannot be ended while the kernel has it; before that, nothing is written any more.
      child.kill('SIGKILL');
      end({
        outcome: 'unknown',
        reason: `the kernel did not return from the write within ${timeoutMs} ms`,
      });
    }, timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (data: string) => {
      said += data;
    });
    child.on('error', (error) => end({ outcome: 'not-begun', reason: `${program}: ${error.message}` }));
    child.on('close', () =>
      end(answerOf(said) ?? { outcome: 'unknown', reason: 'the process that writes ended without a word' }),
    );
    child.stdin.on('error', () => undefined);
    child.stdin.end(text);
  });
}

/** Undefined for what is no answer. */
export function answerOf(line: string): WriteAnswer | undefined {
  try {
    const answer = JSON.parse(line) as WriteAnswer;
    return typeof answer === 'object' && answer !== null && 'outcome' in answer ? answer : undefined;
  } catch {
    return undefined;
  }
}
