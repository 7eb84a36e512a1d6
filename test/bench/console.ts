/**
 * The console in a browser, on a log of 100,000 facts of one large host: how soon it paints, and whether it keeps up with the screen while
 * it plays all of them. The frames are those that the browser really drew; without a graphics card every pixel is the processor's work.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import { browserProgram, consoleDirectory, launch } from '../console/browser.ts';
import { type Bench, sized } from './context.ts';
import { median, progress, quantile } from './measure.ts';
import { aim, grouped, type Row, range, short } from './table.ts';

const FACTS = 100_000;
const ROUNDS = 5;
/** As fast as the page can: the speed that is called so in its list. */
const FASTEST = '10000f';
const FRAME_MS = 1000 / 60;
const MAIN = new URL('../../services/ledger/bin/ledger.mjs', import.meta.url).pathname;

export const consoleBench: Bench = async (context) => {
  if ('missing' in browserProgram) {
    progress(`console: skipped: ${browserProgram.missing}`);
    return [];
  }
  const history = await context.histories.of(sized(context, FACTS), 'one host');
  const service = await serve(history.directory);
  const browser = await launch();
  try {
    const [host = ''] = history.hosts;
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const paints: Paint[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      progress(`console, round ${round + 1} of ${ROUNDS}: first paint`);
      paints.push(await paint(page, `${service.url}/hosts/${host}`));
    }
    progress(`console: playing ${grouped(history.facts)} facts`);
    return [
      ...paintRows(paints, history.facts),
      ...playRows(await play(page, `${service.url}/hosts/${host}?at=1`)),
    ];
  } finally {
    await browser.close();
    await service.stop();
  }
};

async function serve(data: string): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const args = [MAIN, '--port', '0', '--data', data, '--console', consoleDirectory()];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /ready at (http:\/\/[^/]+)/.exec(line)?.[1];
    if (url === undefined) continue;
    return {
      url,
      stop: async () => {
        child.kill();
        await ended;
      },
    };
  }
  throw new Error('the service ended before it was ready');
}

/** Milliseconds from the navigation on. */
interface Paint {
  readonly first: number;
  /** The whole matrix, as of now, with its words. */
  readonly matrix: number;
}

async function paint(page: Page, address: string): Promise<Paint> {
  await page.goto('about:blank');
  await page.goto(address);
  await page.waitForFunction(() => document.querySelector('.holders tbody') !== null);
  return page.evaluate(() => ({
    first: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
    matrix: performance.now(),
  }));
}

interface Played {
  readonly seconds: number;
  readonly facts: number;
  /** Milliseconds between two frames. */
  readonly frames: readonly number[];
}

async function play(page: Page, address: string): Promise<Played> {
  await page.goto(address);
  await page.locator('main[data-status="ready"]').waitFor();
  await page.getByLabel('Speed').selectOption(FASTEST);
  const frames = page.evaluate(async () => {
    const found: number[] = [];
    let before: number | undefined;
    let isRunning = false;
    const isPlaying = () => document.querySelector('[aria-label="Pause"]') !== null;
    await new Promise<void>((resolve) => {
      const frame = (now: number): void => {
        if (isPlaying()) {
          if (isRunning && before !== undefined) found.push(now - before);
          isRunning = true;
        } else if (isRunning) {
          resolve();
          return;
        }
        before = now;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    return found;
  });
  await page.getByRole('button', { name: 'Play' }).click();
  const times = await frames;
  const facts = await page.evaluate(() => window.apledger.played?.facts ?? 0);
  return { seconds: times.reduce((sum, time) => sum + time, 0) / 1000, facts, frames: times };
}

function paintRows(paints: readonly Paint[], facts: number): Row[] {
  const row = (what: string, values: readonly number[]): Row => ({
    bench: 'console',
    what: `${what}, ${grouped(facts)} facts in the log`,
    value: `${short(median(values))} ms`,
    spread: range(values),
    figures: { milliseconds: median(values) },
  });
  return [
    row(
      'first paint',
      paints.map(({ first }) => first),
    ),
    row(
      'the matrix of now',
      paints.map(({ matrix }) => matrix),
    ),
  ];
}

function playRows({ seconds, facts, frames }: Played): Row[] {
  const framesPerSecond = frames.length / seconds;
  const slow = quantile(frames, 0.99);
  const late = frames.filter((time) => time > 1.5 * FRAME_MS).length / frames.length;
  return [
    {
      bench: 'console',
      what: `frames while playing ${grouped(facts)} facts, ${short(facts / seconds)}/s`,
      value: `${framesPerSecond.toFixed(1)}/s`,
      ...aim('>= 57/s', framesPerSecond, (figure) => figure >= 57),
      figures: { framesPerSecond, facts, factsPerSecond: facts / seconds },
    },
    {
      bench: 'console',
      what: `a frame of these, p99; ${(100 * late).toFixed(1)} % came late`,
      value: `${slow.toFixed(1)} ms`,
      figures: { p99Milliseconds: slow, lateShare: late },
    },
  ];
}
