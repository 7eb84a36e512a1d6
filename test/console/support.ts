/** A real browser on the real service: its own ledger process, its own log, its own profile. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type Api, answer, type Command, openApi, type Receipt } from '@apledger/client';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, describe } from 'vitest';
import { type LedgerProcess, scratch, startLedger } from '../ledger/support.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Bounds a wait for something that will come: on a busy machine later than on a quiet one. */
export const PATIENCE_MS = 20_000;

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

type Program = { readonly path: string } | { readonly missing: string };

function printedBy(tool: string): string {
  return execFileSync(process.execPath, [join(ROOT, 'infra', tool)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

function program(): Program {
  try {
    return { path: printedBy('chromium.mjs') };
  } catch (error) {
    const said = (error as { readonly stderr?: string }).stderr ?? String(error);
    return { missing: said.trim() };
  }
}

export const browserProgram = program();

/** Tests that need a browser: where there is none their title says what to type. */
export function describeInBrowser(title: string, tests: () => void): void {
  const why = 'missing' in browserProgram ? ` (skipped: ${browserProgram.missing})` : '';
  describe.skipIf(why !== '')(title + why, tests);
}

/** The built page; built now when it is missing or stale. */
export const consoleDirectory = (): string => printedBy('console.mjs');

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
}

const browsers: Browser[] = [];
afterAll(async () => {
  for (const browser of browsers) await browser.close();
});

/** Starts a ledger over a log, an empty one unless `data` names one, and a browser. */
export async function startConsole(data = scratch()): Promise<Console> {
  if ('missing' in browserProgram) throw new Error(browserProgram.missing);
  const ledger = await startLedger('--data', data, '--console', consoleDirectory());
  const url = /http:\/\/[^/]+/.exec(await ledger.said(/ready at/))?.[0] ?? '';
  // Without a directory given, the profile is a new one that goes with the browser.
  const browser = await chromium.launch({ executablePath: browserProgram.path, args: FLAGS });
  browsers.push(browser);
  const api = openApi(url);
  return {
    url,
    api,
    process: ledger,
    give: async (host, ...commands) => {
      let receipt: Receipt | undefined;
      for (const body of commands)
        receipt = await answer(
          api.POST('/hosts/{host}/commands', {
            params: { path: { host }, header: { 'Apledger-Actor': 'anna@ops' } },
            body,
          }),
        );
      if (receipt === undefined) throw new Error('no command was given');
      return receipt;
    },
    open: async (address, options = {}) => {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE_MS);
      page.on('pageerror', (error) => {
        throw error;
      });
      await page.goto(url + address);
      await page.locator('main[data-status="ready"]').waitFor();
      return page;
    },
  };
}

/** What the page shows; its documented hook. */
export const shownPosition = (page: Page): Promise<number | undefined> =>
  page.evaluate(() => window.apledger.shown?.position);

/** Waits until the page shows the fact at the position. */
export async function untilShown(page: Page, position: number, timeout = PATIENCE_MS): Promise<void> {
  await page.waitForFunction((at) => window.apledger.shown?.position === at, position, { timeout });
}
