/** Nothing runs into anything else, out of the page, or out of sight: every view on a desk and on a phone. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { incident, threeGuests } from './hosts.ts';
import { type Console, describeInBrowser, startConsole, untilShown } from './support.ts';

/** Who gave the commands: as long as the path of a script, and with nowhere to break but at its slashes. */
const ACTOR = 'root@zlp1.bank.example /srv/change-management/CHG-0004711/three-guests.sh:52';

const VIEWS = [
  '/',
  '/facts',
  '/report',
  '/changes',
  '/nowhere',
  '/hosts/zlp1',
  '/hosts/zlp1?as=table',
  '/hosts/zlp1/guests',
  '/hosts/zlp1/facts',
  '/hosts/zlp1/custody?queue=05.0047',
  '/hosts/zlp1/exposures',
  '/hosts/zlp1/compare?from=3',
  '/hosts/zlp1/what-if?steps=guest%20stop%20guest1',
  '/hosts/zlp1/facts?at=5',
];

/** Pairs of texts of which one covers the other, and texts beyond the right edge; as a reader sees them. */
const collisions = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    interface Box {
      readonly text: Node;
      readonly left: number;
      readonly top: number;
      readonly right: number;
      readonly bottom: number;
    }
    /** What is left of a box inside of all that clips it. */
    const clipped = (box: Box): Box => {
      let seen = box;
      for (let at = box.text.parentElement; at !== null && at !== document.body; at = at.parentElement) {
        const { overflowX, overflowY } = getComputedStyle(at);
        if (overflowX === 'visible' && overflowY === 'visible') continue;
        const frame = at.getBoundingClientRect();
        seen = {
          text: box.text,
          left: Math.max(seen.left, frame.left),
          top: Math.max(seen.top, frame.top),
          right: Math.min(seen.right, frame.right),
          bottom: Math.min(seen.bottom, frame.bottom),
        };
      }
      return seen;
    };
    const boxes: Box[] = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
      if (text.parentElement?.closest('.visually-hidden, .skip, noscript, option')) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      for (const { left, top, right, bottom } of range.getClientRects()) {
        const box = clipped({ text, left, top, right, bottom });
        if (box.right - box.left > 2 && box.bottom - box.top > 2) boxes.push(box);
      }
    }
    const words = ({ text }: Box): string => `“${text.textContent?.trim().slice(0, 40)}”`;
    const found = boxes
      .filter(({ right }) => right > innerWidth + 1)
      .map((box) => `${words(box)} is cut off`);
    boxes.forEach((a, i) => {
      for (const b of boxes.slice(i + 1)) {
        if (a.text === b.text) continue;
        const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (width > 2 && height > 3) found.push(`${words(a)} on ${words(b)}`);
      }
    });
    if (document.documentElement.scrollWidth > innerWidth) found.push('the page is wider than its window');
    return found;
  });

describeInBrowser('the layout', () => {
  let served: Console;
  let last = 0;
  beforeAll(async () => {
    served = await startConsole();
    const { done, refused } = threeGuests('zlp1');
    for (const command of [...done, refused, ...incident()])
      last = (await served.api.submit({ host: 'zlp1', command, actor: ACTOR })).revision + 1;
  });

  it.each([
    [1280, 800],
    [390, 844],
  ])('keeps every text apart from every other at %d x %d', async (width, height) => {
    const page = await served.open('/hosts/zlp1', { viewport: { width, height } });
    await untilShown(page, last);
    for (const view of VIEWS) {
      await page.goto(served.url + view);
      await page.locator('main:not([data-status="loading"])').waitFor();
      await page.locator('main :is(h1, h2)').first().waitFor();
      await expect.poll(() => page.getByText(/^(?:Asking|Fetching|Trying|looking) /).count()).toBe(0);
      expect(await collisions(page), view).toEqual([]);
      const place = page.locator('.top-bar nav [aria-current]');
      if ((await place.count()) > 0) {
        const box = await place.boundingBox();
        expect(box && box.x >= 0 && box.x + box.width <= width, `${view}: its link is in sight`).toBe(true);
      }
    }
  });

  it('does not move the track of time when another moment is shown', async () => {
    const page = await served.open('/hosts/zlp1');
    await untilShown(page, last);
    const track = page.locator('.time-bar .track');
    const before = await track.boundingBox();
    for (const at of ['3', new Date(Date.now() - 3_600_000).toISOString()]) {
      await page.goto(`${served.url}/hosts/zlp1?at=${at}`);
      await page.locator('main:not([data-status="loading"])').waitFor();
      expect(await track.boundingBox()).toEqual(before);
    }
  });

  it('has the evidence of a fact in reach, however long the name of its actor is', async () => {
    const page = await served.open('/hosts/zlp1/facts', { viewport: { width: 390, height: 844 } });
    await page.getByRole('button', { name: `Evidence of fact ${last}` }).click();
    await page.getByText(/^Checked here: fact \d+ of \d+/).waitFor();
    expect(await collisions(page)).toEqual([]);
  });

  it('shows the lines of an example as lines', async () => {
    const page = await served.open('/hosts/zlp1/what-if');
    expect(await page.getByRole('textbox', { name: /^Steps/ }).getAttribute('placeholder')).toMatch(
      /^echo .*\ncard .*\nguest /,
    );
  });
});
