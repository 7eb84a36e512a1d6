/** The page for everybody: keyboard alone, both themes, a telephone, and a judge that is not us (axe). The pictures are taken here. */
import type { BrowserContextOptions, Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { violations } from './axe.ts';
import { incident, productionHost, register, threeGuests } from './hosts.ts';
import { picture } from './pictures.ts';
import { type Console, describeInBrowser, startConsole, untilShown } from './support.ts';

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true };

/** Every view, by its address, and what is there once it is drawn. */
const VIEWS: readonly (readonly [string, string, string])[] = [
  ['hosts', '/', '.host-row .shares-bar i'],
  ['matrix', '/hosts/prod7?cell=04.0004', '.holders tr:nth-child(4)'],
  ['table', '/hosts/zlp1?as=table&cell=05.0047', '.data-table td'],
  ['guest', '/hosts/zlp1/guests', '.state.is-current'],
  ['facts', '/hosts/zlp1/facts', '.fact.is-refusal'],
  ['custody', '/hosts/zlp1/custody?queue=05.0047&as=changes', '.custody-chart .bar'],
  ['what-if', '/hosts/zlp1/what-if?cell=05.0004&steps=guest+stop+guest1%0Acard+06+config%3D0', '.tried > li'],
  ['exposures', '/hosts/zlp1/exposures', '.exposure.is-unreset-handover'],
  ['compare', '/hosts/zlp1/compare?from=PAST', '.differences li'],
  ['report', '/report', '.report-form button'],
  ['changes', '/changes', '.changes-view .empty'],
  ['nowhere', '/nowhere', 'main h1'],
  ['past', '/hosts/zlp1?at=PAST&cell=05.0047', '.time-bar.is-past'],
];

describeInBrowser('for everybody', () => {
  let full: Console;
  let past = 0;
  /** Opens a view; a moment of the past is one at which two of three guests run. */
  const open = (address: string, options?: BrowserContextOptions): Promise<Page> =>
    full.open(address.replace('PAST', String(past)), options);
  beforeAll(async () => {
    full = await startConsole();
    const { done, refused } = threeGuests('zlp1');
    await full.give('lpar-dev', register('lpar-dev', [1, 2, 3], [0, 1, 2, 3], 3));
    await full.give('prod7', ...productionHost('prod7'));
    await full.give('zlp1', ...done);
    await full.give('zlp1', refused).catch(() => undefined); // it was to be refused
    const { events } = await full.api.get('/events', { host: 'zlp1', types: ['GuestStarted'] });
    past = events[1]?.position ?? 0;
    await full.give('zlp1', ...incident());
  });

  it.each(VIEWS)('axe finds nothing in %s, light and dark', async (name, address, drawn) => {
    const page = await open(address, { colorScheme: 'light' });
    await page.locator(drawn).first().waitFor();
    expect(await violations(page)).toEqual([]);
    await picture(page, `${name}-light`);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await violations(page, 'color-contrast')).toEqual([]);
    await picture(page, `${name}-dark`);
  });

  it('the dialogs pass as well', async () => {
    const page = await full.open('/hosts/zlp1/what-if?steps=guest+stop+guest1');
    await page.locator('.tried > li').waitFor();
    await page.getByRole('button', { name: /^Send the/ }).click();
    await page.getByRole('dialog').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Keys' }).click();
    await page.getByRole('dialog').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /position/ }).click();
    await page.getByRole('dialog').waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it.each(VIEWS)('on a telephone %s fits the screen', async (name, address, drawn) => {
    const page = await open(address, PHONE);
    await page.locator(drawn).first().waitFor();
    const { scroll, client } = await page.evaluate(() => ({
      scroll: Math.max(
        document.documentElement.scrollWidth,
        document.querySelector('main')?.scrollWidth ?? 0,
      ),
      client: document.documentElement.clientWidth,
    }));
    expect(scroll).toBeLessThanOrEqual(client);
    expect(await violations(page)).toEqual([]);
    if (name === 'matrix' || name === 'past') await picture(page, `${name}-phone`);
  });

  it('the switch turns the colours over, and they stay', async () => {
    const page = await full.open('/', { colorScheme: 'light' });
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.getByRole('button', { name: 'Dark colours' }).click();
    await expect.poll(ground).not.toBe(light);
    const dark = await ground();
    await page.reload();
    await expect.poll(ground).toBe(dark);
    await page.getByRole('button', { name: 'Light colours' }).click();
    await expect.poll(ground).toBe(light);
  });

  it('everything can be done with the keyboard alone', async () => {
    const page = await full.open('/');
    await page.getByRole('link', { name: /zlp1/ }).waitFor();
    /** Tabs until the focused element is called so. */
    const tabTo = async (name: RegExp): Promise<void> => {
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press('Tab');
        const focused = await page.evaluate(() => {
          const element = document.activeElement;
          return element?.getAttribute('aria-label') ?? element?.textContent ?? '';
        });
        if (name.test(focused)) return;
      }
      throw new Error(`nothing called ${name} can be reached`);
    };
    await tabTo(/^\s*zlp1/);
    await page.keyboard.press('Enter');
    await page.getByRole('application').waitFor();
    await tabTo(/^Queues of host zlp1/);
    await page.keyboard.press('Control+Home');
    const heard = page.locator('[aria-live="polite"]').first();
    await expect.poll(() => heard.textContent()).toMatch(/^05\.0004\. guest1 can use it\./);
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => heard.textContent()).toMatch(/^05\.0047\./);
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => heard.textContent()).toMatch(/^06\.0047\. guest3/);
    await page.keyboard.press('End');
    await expect.poll(() => heard.textContent()).toMatch(/^06\.00ff\./);
    await page.waitForURL((url) => url.searchParams.get('cell') === '06.00ff');
    await tabTo(/^Custody$/);
    await page.keyboard.press('Enter');
    await page.locator('.custody-chart .bar').first().waitFor();
    await tabTo(/^Time in the log$/);
    await page.keyboard.press('Home');
    await page.waitForURL((url) => url.searchParams.has('at'));
    await tabTo(/^Now$/);
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => !url.searchParams.has('at'));
  });

  it('nothing is asked of anybody but the service, and nothing of the page waits for the history', async () => {
    const page = await full.open('/');
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${full.url}/hosts/zlp1`);
    await page.locator('.holders tr').first().waitFor();
    await untilShown(page, await page.evaluate(() => window.apledger.shown?.position ?? 0));
    expect(asked.filter((url) => !url.startsWith(full.url))).toEqual([]);
    expect(asked.filter((url) => /events\?/.test(url) && !/limit=1&|types=/.test(url))).toEqual([]);
  });
});
