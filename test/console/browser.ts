/** Chromium, and the page that it is to show: found, installed or built by the scripts in infra, which say what is missing. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const ROOT = join(import.meta.dirname, '../..');

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

/** The browser, or why there is none here. */
export const browserProgram = program();

/** The built page; built now when it is missing or stale. */
export const consoleDirectory = (): string => printedBy('console.mjs');

/** A new browser; its profile is a new one that goes with it. */
export function launch(): Promise<Browser> {
  if ('missing' in browserProgram) throw new Error(browserProgram.missing);
  return chromium.launch({ executablePath: browserProgram.path, args: FLAGS });
}
