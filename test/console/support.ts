/** A real browser on the real service: its own ledger process, its own log, its own profile. */
import type { Receipt } from '@apledger/api';
import { Api } from '@apledger/client';
import type { Command } from '@apledger/events';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe } from 'vitest';
import { type LedgerProcess, startLedger } from '../ledger/support.ts';
import { atEndOfTest, perFile, scratch } from '../support/file.ts';
import { browserProgram, consoleDirectory, launch } from './browser.ts';

/** Bounds a wait for something that will come: on a busy machine later than on a quiet one. */
export const PATIENCE_MS = 60_000;

/** Tests that need a browser: where there is none their title says what to type. */
export function describeInBrowser(title: string, tests: () => void): void {
  const why = 'missing' in browserProgram ? ` (skipped: ${browserProgram.missing})` : '';
  describe.skipIf(why !== '')(title + why, tests);
}

/** A ledger with a browser in front of it. */
export interface Console {
  /** `http://127.0.0.1:PORT`, without a slash. */
  readonly url: string;
  readonly api: Api;
  readonly process: LedgerProcess;
  /** Gives commands one after the other; each has to be done. */
  give(host: string, ...commands: readonly Command[]): Promise<Receipt>;
  /** A page of a profile of its own, at an address below the service. What goes wrong in it fails the test that waits for it. */
  open(address: string, options?: BrowserContextOptions): Promise<Page>;
  /** The same for a page that comes to another state than `ready`. */
  openAt(address: string, status: string, options?: BrowserContextOptions): Promise<Page>;
}

/** One for all tests of a file: each page has a profile of its own in it. */
const browser = perFile(launch, async (launched) => (await launched).close());

/** Starts a ledger over a log, an empty one unless `data` names one, and a browser unless there is one. */
export async function startConsole(data = scratch()): Promise<Console> {
  const ledger = await startLedger('--data', data, '--console', consoleDirectory());
  const url = /http:\/\/[^/]+/.exec(await ledger.said(/ready at/))?.[0] ?? '';
  const chromium = await browser();
  const api = new Api(url);
  const openAt: Console['openAt'] = async (address, status, options = {}) => {
    const context = await chromium.newContext({
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      ...options,
    });
    // A page follows the log for as long as it is open.
    atEndOfTest(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => {
      throw error;
    });
    await page.goto(url + address);
    await page.locator(`main[data-status="${status}"]`).waitFor();
    return page;
  };
  return {
    url,
    api,
    process: ledger,
    give: async (host, ...commands) => {
      let receipt: Receipt | undefined;
      for (const command of commands) {
        receipt = await api.submit({ host, command, actor: 'anna@ops' });
        if (receipt.refusal !== undefined) throw new Error(receipt.refusal.explanation);
      }
      if (receipt === undefined) throw new Error('no command was given');
      return receipt;
    },
    open: (address, options) => openAt(address, 'ready', options),
    openAt,
  };
}

/** What the page shows; its documented hook. */
export const shownPosition = (page: Page): Promise<number | undefined> =>
  page.evaluate(() => window.apledger.shown?.position);

/** Waits until the page shows the fact at the position. */
export async function untilShown(page: Page, position: number, timeout = PATIENCE_MS): Promise<void> {
  await page.waitForFunction((at) => window.apledger.shown?.position === at, position, { timeout });
}
