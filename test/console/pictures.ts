/** Pictures for the documents. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';

const PICTURES = join(import.meta.dirname, '../../docs/pictures');

/** Those that the documents show. */
const SHOWN = new Set([
  'hosts-light',
  'matrix-light',
  'matrix-dark',
  'guest-dark',
  'facts-dark',
  'custody-light',
  'exposures-light',
  'compare-dark',
  'change-light',
  'what-if-light',
  'past-phone',
]);

/** A picture for the documents, when somebody asks for them. */
export async function picture(page: Page, name: string): Promise<void> {
  if (process.env.APLEDGER_PICTURES !== '1' || !SHOWN.has(name)) return;
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}
