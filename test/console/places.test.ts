/** Finding one's way: titles, pages that do not exist, keys, skip links, the browser's way back, the zone of times. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { A, smallHost, start, stop } from './hosts.ts';
import { type Console, describeInBrowser, startConsole, untilShown } from './support.ts';

const at = (page: Page): string | null => new URL(page.url()).searchParams.get('at');

describeInBrowser('finding the way', () => {
  let served: Console;
  let last = 0;
  beforeAll(async () => {
    served = await startConsole();
    await served.give('zlp1', ...smallHost('zlp1'));
    last = (await served.give('zlp1', stop(A), start(A, 'web'), stop(A))).revision + 1;
  });

  /** The page of the host, when it listens to keys. */
  async function drawn(): Promise<Page> {
    const page = await served.open('/hosts/zlp1');
    await untilShown(page, last);
    await page.locator('.time-bar .stamp').waitFor();
    return page;
  }

  it('every page has its own title', async () => {
    const page = await served.open('/');
    await expect.poll(() => page.title()).toBe('Hosts · apledger');
    await page.goto(`${served.url}/hosts/zlp1/custody?queue=05.0047&at=3`);
    await expect.poll(() => page.title()).toBe('Custody of 05.0047 · zlp1 · at position 3 · apledger');
    await page.goto(`${served.url}/hosts/x%E2%80%AEy`);
    await expect.poll(() => page.title()).toBe('Matrix · x\\u{202e}y · apledger');
  });

  it.each(['/nowhere', '/hosts/zlp1/nonsense', '/hosts/zlp1/facts/1', '/changes/a/b'])(
    '%s is no page, and says so',
    async (address) => {
      const page = await served.open(address);
      await page.getByRole('heading', { level: 1, name: 'There is no such page' }).waitFor();
      await page.getByRole('link', { name: 'All hosts' }).click();
      await page.getByRole('link', { name: /zlp1/ }).waitFor();
    },
  );

  it('a host that nobody knows is said to be none, and the page is alive', async () => {
    const page = await served.openAt('/hosts/nosuch', 'absent');
    await page.getByRole('heading', { level: 1, name: 'Host nosuch was not known at this moment' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
  });

  it('skip links lead to the view and to time, before everything else', async () => {
    const page = await drawn();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Play');
  });

  it('keys do what is done often, and can be switched off', async () => {
    const page = await drawn();
    await page.keyboard.press('3');
    await page.getByRole('heading', { name: 'Facts' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('1?');
    expect(await page.getByRole('searchbox').inputValue()).toBe('1?');
    await page.getByRole('searchbox').fill('');
    await page.getByRole('searchbox').blur();
    await page.keyboard.press(',');
    await untilShown(page, last - 1);
    await page.keyboard.press(',');
    await untilShown(page, last - 2);
    await page.keyboard.press('.');
    await untilShown(page, last - 1);
    await page.keyboard.press('n');
    await untilShown(page, last);
    await page.keyboard.press(' ');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await page.keyboard.press(' ');
    await page.getByRole('button', { name: 'Play' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('checkbox', { name: 'These keys are on' }).uncheck();
    await page.keyboard.press('Escape');
    await page.keyboard.press('a');
    await page.reload();
    await page.keyboard.press('a');
    await page.getByRole('heading', { name: 'Facts' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/hosts/zlp1/facts');
  });

  it('the way back leads through the moments, one step for each time that one went', async () => {
    const page = await drawn();
    const goTo = async (text: string): Promise<void> => {
      // It is there when the first fact of the log is known.
      await page.locator('.time-bar .stamp:enabled').waitFor();
      await page.keyboard.press('t');
      await page.getByRole('dialog').getByRole('textbox').fill(text);
      await page.keyboard.press('Enter');
      await page.waitForURL((url) => url.searchParams.get('at') === text);
    };
    await goTo('3');
    await goTo('5');
    await page.getByRole('button', { name: 'One fact back' }).click();
    await page.waitForURL((url) => url.searchParams.get('at') === '4');
    await page.getByRole('button', { name: 'One fact back' }).click();
    await page.waitForURL((url) => url.searchParams.get('at') === '3');
    await page.getByRole('button', { name: 'Now' }).click();
    await page.waitForURL((url) => !url.searchParams.has('at'));
    for (const moment of ['3', '5', '3', null]) {
      await page.goBack();
      await expect.poll(() => at(page)).toBe(moment);
      await untilShown(page, moment === null ? last : Number(moment));
    }
  });

  it('a time that cannot be read is said to be none before the page is left for it', async () => {
    const page = await drawn();
    await page.locator('.time-bar .stamp:enabled').waitFor();
    await page.keyboard.press('t');
    await page.getByRole('dialog').getByRole('textbox').fill('2026-02-30');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByRole('alert').getByText('there is no such day').waitFor();
    expect(at(page)).toBe(null);
    await page.getByRole('dialog').getByRole('textbox').fill('-1s');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.waitForURL((url) => /^\d{4}-.*Z$/.test(url.searchParams.get('at') ?? ''));
  });

  it('times are shown in UTC or in the zone of the reader, each with its zone', async () => {
    const { occurredAt } = await served.api.get('/hosts/{host}', { host: 'zlp1', position: 3 });
    const page = await served.open('/hosts/zlp1?at=3', { timezoneId: 'Australia/Eucla' });
    const clock = page.locator('.time-bar .stamp');
    await expect.poll(() => clock.innerText()).toContain(`${occurredAt.slice(11, 23)}`);
    expect(await clock.innerText()).toContain('UTC');
    await page.getByRole('button', { name: 'UTC: show times in Australia/Eucla' }).click();
    const local = new Date(Date.parse(occurredAt) + (8 * 60 + 45) * 60_000).toISOString().slice(11, 23);
    await expect.poll(() => clock.innerText()).toContain(local);
    expect(await clock.innerText()).toContain('+08:45');
    await page.reload();
    await expect.poll(() => clock.innerText()).toContain(local);
    await clock.click();
    await page
      .getByRole('dialog')
      .getByRole('textbox')
      .fill(`${occurredAt.slice(0, 10)} 00:00`);
    await page.keyboard.press('Enter');
    const midnight = new Date(Date.parse(`${occurredAt.slice(0, 10)}T00:00:00Z`) - (8 * 60 + 45) * 60_000);
    await page.waitForURL((url) => url.searchParams.get('at') === midnight.toISOString());
  });
});
