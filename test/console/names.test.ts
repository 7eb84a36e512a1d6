/** Names from outside: shown as what they are in every view, and however long, in a page that keeps its width. */
import { visible } from '@apledger/text';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { A, B, smallHost, start, stop } from './hosts.ts';
import { type Console, describeInBrowser, startConsole } from './support.ts';

const FORGED = 'x\u202evedm ,live\n\u001b[31m\u200b';
const LONG = 'n'.repeat(255);
const STEPS = encodeURIComponent(`guest stop ${LONG}`);
const VIEWS = [
  '/',
  '/hosts/zlp1',
  '/hosts/zlp1/facts',
  `/hosts/zlp1/guests?mdev=${A}`,
  `/hosts/zlp1/guests?mdev=${B}`,
  '/hosts/zlp1/custody?queue=05.0004',
  '/hosts/zlp1/custody?queue=06.0005',
  `/hosts/zlp1/what-if?steps=${STEPS}`,
  '/hosts/zlp1/compare?from=3',
];

/** What a reader gets: all texts, and all labels. */
const read = (page: Page): Promise<string> =>
  page.evaluate(() =>
    [...document.querySelectorAll('#app, #app *')]
      .flatMap((element) => [
        ...[...element.childNodes].flatMap((node) =>
          node.nodeType === Node.TEXT_NODE ? node.textContent : [],
        ),
        ...['title', 'alt', 'aria-label', 'aria-valuetext'].map((name) => element.getAttribute(name)),
        // The example of a script has lines.
        element.getAttribute('placeholder')?.replaceAll('\n', ' ') ?? null,
      ])
      .filter((text) => text !== null && text !== '')
      .join('|'),
  );

/** Parts of the page that are wider than what they are shown in; on a phone a table may scroll, a text of steps always may. */
const tooWide = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('html, body, main, .panel:not(:has(canvas)), .panel:not(:has(canvas)) *')]
      .filter((element) => {
        const { overflowX, clip, position } = getComputedStyle(element);
        const scrolls = overflowX === 'hidden' || (overflowX === 'auto' && innerWidth < 500);
        if (scrolls || position === 'absolute' || clip !== 'auto' || element.closest('svg, textarea'))
          return false;
        return element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1;
      })
      .map(
        (element) =>
          `${element.tagName}.${element.className}: ${element.scrollWidth} in ${element.clientWidth}`,
      ),
  );

describeInBrowser('names', () => {
  let served: Console;
  beforeAll(async () => {
    served = await startConsole();
    await served.give(
      'zlp1',
      ...smallHost('zlp1'),
      stop(A),
      start(A, FORGED),
      stop(A),
      start(A, LONG),
      start(B, FORGED),
    );
  });

  it.each(VIEWS)('%s', async (address) => {
    const page = await served.open(address);
    await expect.poll(() => read(page)).toContain(nameIn(address));
    expect((await read(page)).match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu) ?? []).toEqual([]);
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 800 });
      await expect.poll(() => tooWide(page), { message: `${width} pixels` }).toEqual([]);
    }
  });
});

/** What the view has to show: the guest that has what it is about. */
function nameIn(address: string): string {
  if (address === '/') return 'zlp1';
  return address.includes(B) || address.includes('06.') ? visible(FORGED) : LONG;
}
