/** What the page says must be so: of the past as it was then, of all facts and not of those that happen to be loaded. */
import { beforeAll, expect, it } from 'vitest';
import { runAt } from '../cli/wrong-clock.ts';
import { startLedger } from '../ledger/support.ts';
import { scratch } from '../support/file.ts';
import { A, B, smallHost, start, stop } from './hosts.ts';
import { type Console, describeInBrowser, startConsole } from './support.ts';

describeInBrowser('answers', () => {
  let served: Console;
  beforeAll(async () => {
    served = await startConsole();
    await served.give('zlp1', ...smallHost('zlp1'));
    // Enough of them that no page of any list holds all: web comes and goes, and others come after it.
    for (let i = 0; i < 60; i++) await served.give('zlp1', stop(A), start(A, 'web'));
    await served.give('zlp1', stop(A), start(A, 'mallory'));
    await served.api.submit({
      host: 'zlp1',
      actor: 'mallory@ops ticket CHG-4711',
      command: { type: 'StartGuest', mdev: A, guest: 'thief' },
    });
  });

  it('a fact is told with the guest of its time, and not with that of today', async () => {
    const { events } = await served.api.get('/events', { host: 'zlp1', types: ['GuestStarted'], limit: 1 });
    const page = await served.open(`/hosts/zlp1/facts?at=${events[0]?.position}`);
    await page.locator('.fact').first().waitFor();
    const words = (await page.locator('.facts').innerText()).replaceAll('\n', ' ');
    expect(words).toContain('guest web');
    expect(words).not.toContain('mallory');
    await page.goto(`${served.url}/hosts/zlp1/facts?find=mdev:${A}`);
    await page.locator('.fact').first().waitFor();
    await expect.poll(() => page.locator('.facts').innerText()).toContain('mallory');
    for (const row of await page.locator('.fact', { hasText: 'guest web' }).all())
      expect(await row.innerText()).not.toContain('mallory');
  });

  it('a search looks at all facts, not at those that are loaded', async () => {
    const page = await served.open('/hosts/zlp1/facts');
    const found = page.locator('.fact');
    const search = page.getByRole('searchbox', { name: 'Find facts' });
    await search.fill('Host registered');
    await page.getByText('text “Host registered”').waitFor();
    await search.fill('registered');
    await expect.poll(() => found.count()).toBe(1);
    expect(await found.innerText()).toMatch(/Host registered/);
    await search.fill('actor:"mallory@ops ticket CHG-4711" EBUSY');
    await expect.poll(() => found.allInnerTexts()).toEqual([expect.stringContaining('EBUSY')]);
    await search.fill('no such words');
    await page.getByText('No such fact up to this moment.').waitFor();
  });

  it('a running guest runs, however often it started before', async () => {
    const page = await served.open(`/hosts/zlp1/guests?mdev=${A}`);
    await page.getByRole('img', { name: 'Guest mallory: running' }).waitFor();
    await expect.poll(() => page.locator('.short-facts li').count()).toBe(12);
    expect(await page.locator('.short-facts li').first().innerText()).toMatch(/started/);
  });

  it('a guest that has stopped keeps its name, and the moment at which it stopped', async () => {
    const { events } = await served.api.get('/events', { host: 'zlp1', types: ['GuestStopped'], limit: 1 });
    const [stopped] = events;
    const page = await served.open(`/hosts/zlp1?at=${stopped?.position}`);
    await page
      .locator('.holders')
      .getByText(/not running · last web, until/)
      .waitFor();
    await page.getByRole('link', { name: 'Guests' }).click();
    await page
      .locator('.guest-list')
      .getByText(/not running · last web, until/)
      .waitFor();
    await page.getByRole('img', { name: /: stopped$/ }).waitFor();
  });

  it.each([
    ['2026-02-30', 'there is no such day'],
    ['-5', 'not a time'],
    ['soon', 'not a time'],
    ['2099-01-01', 'lies in the future'],
    ['999999', 'the log ends at position'],
  ])('an address with %s says that it is no moment, and shows nothing', async (at, why) => {
    const page = await served.openAt(`/hosts/zlp1?at=${at}`, 'no-moment');
    await page.getByRole('heading', { name: 'This is no moment, so nothing is shown' }).waitFor();
    await page.getByText(why).waitFor();
    expect(await page.locator('canvas').count()).toBe(0);
    await page.getByText('Past', { exact: true }).waitFor();
    await page.getByRole('alert').getByRole('link', { name: 'Now' }).click();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.locator('canvas').first().waitFor();
  });

  it.each(['/hosts/zlp1', '/'])(
    '%s: the time that was asked for is shown, with its zone, and kept',
    async (path) => {
      const page = await served.open(`${path}?at=now`);
      await page.getByRole('button', { name: /^Now last fact .* UTC position/ }).waitFor();
      const { occurredAt } = await served.api.get('/hosts/{host}', { host: 'zlp1' });
      const asked = new Date(Date.parse(occurredAt) + 1).toISOString();
      await page.goto(`${served.url}${path}?at=${asked.replace('T', ' ').replace('Z', '+00:00')}`);
      await page
        .getByRole('button', { name: asked.slice(11, 23) })
        .getByText('last fact by then')
        .waitFor();
      await page.waitForURL((url) => url.searchParams.get('at') === asked);
    },
  );

  it('a host is found by its name, wherever it stands in the list', async () => {
    const page = await served.open('/?find=LP1');
    await page.getByRole('link', { name: /zlp1/ }).waitFor();
    await page.getByRole('searchbox', { name: 'Find a host' }).fill('lp2');
    await page.getByText('No host is called like that.').waitFor();
  });

  it('custody says until when, and of what time nothing is known', async () => {
    const page = await served.open('/hosts/zlp1/custody?queue=04.0004');
    const table = page.getByRole('table');
    await table.getByRole('columnheader', { name: 'Until' }).waitFor();
    await expect.poll(() => table.innerText()).toContain('still so');
    expect(await table.innerText()).toMatch(/nobody\s+not known before/);
    await page.getByRole('textbox', { name: 'of queue' }).fill('05-23');
    await page.getByText('Not a queue: write adapter and domain').waitFor();
    await page.getByRole('textbox', { name: 'of queue' }).fill('0x4,0x4');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.waitForURL((url) => url.searchParams.get('queue') === '04.0004');
    await page.goto(`${served.url}/hosts/zlp1/custody?queue=nonsense`);
    await page.getByText('Not a queue: write adapter and domain').waitFor();
    await page.goto(`${served.url}/hosts/zlp1/custody?queue=ff.00ff`);
    await page.getByText('There is no queue ff.00ff on zlp1, and nobody ever could use it.').waitFor();
  });

  it('what is sent is what the open dialog says, whatever others do meanwhile', async () => {
    const page = await served.open('/hosts/zlp1/what-if?steps=guest+stop+mallory');
    await page.locator('.tried .is-done').waitFor();
    const { revision: tried } = await served.api.get('/hosts/{host}', { host: 'zlp1' });
    await page.getByRole('button', { name: /^Send the/ }).click();
    const { revision } = await served.give('zlp1', { type: 'AssignDomain', mdev: B, text: '4' });
    await page.waitForFunction((at) => window.apledger.shown?.revision === at, revision);
    const dialog = page.getByRole('dialog');
    await dialog.getByText('The host has changed meanwhile').waitFor();
    await dialog.getByText(`tried at revision ${tried}.`).waitFor();
    await dialog.getByRole('textbox').fill('anna');
    await dialog.getByRole('button', { name: 'Send' }).click();
    await dialog.getByRole('alert').waitFor();
    const { revision: now } = await served.api.get('/hosts/{host}', { host: 'zlp1' });
    expect(now).toBe(revision);
  });

  it('a time that clocks leave open has both answers', async () => {
    const data = scratch();
    const day = '2026-11-17T10:0';
    runAt(`${day}0:00Z`, data, 'host plug adapters=5,10 domains=4,5 driver=7.3\n');
    runAt('2031-11-17T10:02:00Z', data, 'echo -7 > /sys/bus/ap/apmask\n');
    runAt(`${day}3:00Z`, data, 'echo -3 > /sys/bus/ap/apmask\n');
    const jumped = await startConsole(data);
    const [host] = (await jumped.api.get('/hosts', {})).hosts;
    const page = await jumped.open(`/hosts/${host?.host}?at=${day}2:30Z`);
    const other = page.getByRole('status').filter({ hasText: 'Clocks jumped' }).getByRole('link');
    const position = /\d+/.exec(await other.innerText())?.[0];
    await other.click();
    await expect.poll(() => page.url()).toContain(`at=${position}`);
    await page.getByText('Clocks jumped around this time').waitFor({ state: 'detached' });
  });
});

describeInBrowser('a connection that was lost', () => {
  it('leaves no view empty when it is back', async () => {
    const data = scratch();
    const { give, open, process, url } = await startConsole(data);
    await give('zlp1', ...smallHost('zlp1'), start(B, 'db'), stop(B));
    const page = await open('/hosts/zlp1');
    await page.getByText('Live', { exact: true }).waitFor();
    process.signal('SIGKILL');
    await page.getByText('No connection').waitFor();
    await page.getByRole('link', { name: 'Facts', exact: true }).click();
    await page.getByRole('heading', { name: 'This view could not be fetched' }).waitFor();
    await startLedger('--data', data, '--port', new URL(url).port);
    await page.getByRole('heading', { name: 'Facts' }).waitFor();
    await page.locator('.fact').first().waitFor();
  });
});
