/** A line of progress, by a clock of its own. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Output, type Streams, withOutput } from './output.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** What a person sees of it on a terminal. */
async function seen(work: (output: Output) => void, streams: Partial<Streams> = {}, isQuiet = false) {
  let screen = '';
  const print = (text: string): void => {
    screen += text;
  };
  await withOutput({ out: print, err: print, isInteractive: true, ...streams }, isQuiet, async (output) =>
    work(output),
  );
  return screen;
}

it('is drawn after two seconds without any other output, and taken away before it', async () => {
  const screen = await seen((output) => {
    output.progress('host 1 of 2');
    vi.advanceTimersByTime(1900);
    output.out('an answer\n');
    vi.advanceTimersByTime(1900);
    output.progress('host 2 of 2');
    vi.advanceTimersByTime(200);
    output.out('another\n');
  });
  expect(screen).toBe('an answer\n\r\x1b[Khost 2 of 2, 4 s\r\x1b[Kanother\n');
});

it('is not drawn for programs, nor with --quiet, nor when it is done', async () => {
  const work = (output: Output): void => {
    output.progress('looking');
    vi.advanceTimersByTime(9000);
  };
  expect(await seen(work, { isInteractive: false })).toBe('');
  expect(await seen(work, {}, true)).toBe('');
  expect(
    await seen((output) => {
      output.progress('looking');
      output.progress('');
      vi.advanceTimersByTime(9000);
    }),
  ).toBe('');
});

it('leaves no line behind, and no timer', async () => {
  const screen = await seen((output) => {
    output.progress('looking');
    vi.advanceTimersByTime(2000);
  });
  expect(screen).toBe('\r\x1b[Klooking, 2 s\r\x1b[K');
  expect(vi.getTimerCount()).toBe(0);
});
