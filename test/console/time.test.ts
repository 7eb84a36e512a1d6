/** Winding time back and playing it forward: the slider, links to a moment, and the keyboard. */
import type { HostView, MatrixView } from '@apledger/api';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { A, smallHost, start, stop } from './hosts.ts';
import { type Console, describeInBrowser, shownPosition, startConsole, untilShown } from './support.ts';

const slider = (page: Page) => page.getByRole('slider', { name: 'Position in the log' });
/** The axis of positions, on which each fact has its own place. */
const byFact = (page: Page) => page.getByLabel('The axis').selectOption('facts');
const at = (page: Page): string | null => new URL(page.url()).searchParams.get('at');

describeInBrowser('time', () => {
  let small: Console;
  let last: number;
  beforeAll(async () => {
    small = await startConsole();
    await small.give('zlp1', ...smallHost('zlp1'));
    const { revision } = await small.give('zlp1', stop(A), start(A, 'web'), stop(A));
    last = revision + 1;
  });

  const viewAt = (position: number): Promise<HostView> =>
    small.api.get('/hosts/{host}', { host: 'zlp1', position });
  /** Classes of all cells of the small host. */
  const drawn = (page: Page): Promise<string[]> =>
    page.evaluate(() =>
      [4, 5, 6, 7].flatMap((apid) =>
        [4, 5, 0x47, 0xab].map((apqi) => window.apledger.cell(apid, apqi)?.drawn ?? '?'),
      ),
    );
  const classesOf = (view: HostView): string[] =>
    [4, 5, 6, 7].flatMap((apid) =>
      [4, 5, 0x47, 0xab].map((apqi) => {
        const has = (m: Pick<MatrixView, 'adapters' | 'domains'> | null) =>
          m?.adapters.includes(apid) === true && m.domains.includes(apqi);
        if (view.mdevs.some(({ effective }) => has(effective))) return 'guest';
        if (view.mdevs.some((mdev) => has(mdev))) return 'mdev';
        const card = view.cards.find(({ adapter }) => adapter === apid);
        if (card?.zcrypt.includes(apqi)) return 'host';
        return card?.queues.includes(apqi) ? 'nobody' : 'absent';
      }),
    );

  it('the slider shows every moment as the API does', async () => {
    const page = await small.open('/hosts/zlp1');
    await byFact(page);
    for (let position = last - 1; position >= 1; position--) {
      await slider(page).fill(String(position));
      await untilShown(page, position);
      await expect
        .poll(() => drawn(page), { message: `position ${position}` })
        .toEqual(classesOf(await viewAt(position)));
    }
  });

  it('the keyboard moves the slider fact by fact, and to its ends', async () => {
    const page = await small.open('/hosts/zlp1');
    await byFact(page);
    await page.locator('input[type="range"]:enabled').focus();
    await page.keyboard.press('ArrowLeft');
    await untilShown(page, last - 1);
    await page.keyboard.press('ArrowLeft');
    await untilShown(page, last - 2);
    await page.keyboard.press('ArrowRight');
    await untilShown(page, last - 1);
    await page.keyboard.press('Home');
    await untilShown(page, 1);
    await expect
      .poll(() => slider(page).getAttribute('aria-valuetext'))
      .toMatch(/^position 1, \w{3} \d\d \w{3} \d{4}/);
    await page.keyboard.press('End');
    await untilShown(page, last);
    await page.getByText('Live', { exact: true }).waitFor();
  });

  it('a link leads to host, view, cell and moment, and the way back through the pages too', async () => {
    const page = await small.open('/hosts/zlp1?at=3&cell=05.0047');
    await untilShown(page, 3);
    await page.getByRole('heading', { name: /05\.0047/ }).waitFor();
    await page.getByRole('link', { name: 'Facts', exact: true }).click();
    await page.getByRole('heading', { name: 'Facts' }).waitFor();
    await page.waitForURL(`${small.url}/hosts/zlp1/facts?at=3`);
    await untilShown(page, 3);
    await expect.poll(() => page.locator('.fact').count()).toBe(3);
    await page.goBack();
    await page.getByRole('heading', { name: /05\.0047/ }).waitFor();
    await page.reload();
    await untilShown(page, 3);
    await page.getByRole('heading', { name: /05\.0047/ }).waitFor();
  });

  it('a link to a time shows the last fact by then', async () => {
    const { occurredAt, position } = await viewAt(5);
    const later = new Date(Date.parse(occurredAt)).toISOString();
    const page = await small.open(`/hosts/zlp1?at=${later}`);
    await expect.poll(() => shownPosition(page)).toBeGreaterThanOrEqual(position);
    const shown = await shownPosition(page);
    expect((await viewAt(shown ?? 0)).occurredAt).toBe(occurredAt);
  });

  it('plays from a moment to the end, in order, and stays there', async () => {
    const page = await small.open('/hosts/zlp1?at=2');
    await untilShown(page, 2);
    await page.getByLabel('Speed').selectOption('100f');
    await page.getByRole('button', { name: 'Play' }).click();
    await page.waitForFunction((end) => window.apledger.shown?.position === end, last);
    await page.getByRole('button', { name: 'Play' }).waitFor();
    await expect.poll(() => drawn(page)).toEqual(classesOf(await viewAt(last)));
    expect(await page.evaluate(() => window.apledger.played?.facts)).toBe(last - 2);
    await expect.poll(() => at(page)).toBe(String(last));
  });

  it('pauses where it is, and the link is to that moment', async () => {
    const page = await small.open('/hosts/zlp1?at=1');
    await page.getByLabel('Speed').selectOption('10f');
    await page.getByRole('button', { name: 'Play' }).click();
    await page.waitForFunction(() => (window.apledger.shown?.position ?? 0) >= 3);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Play' }).waitFor();
    const shown = (await shownPosition(page)) ?? 0;
    await page.waitForURL((url) => url.searchParams.get('at') === String(shown));
    expect(shown).toBeLessThan(last);
    await expect.poll(() => drawn(page)).toEqual(classesOf(await viewAt(shown)));
  });

  it('plays all hosts, too, and every view follows', async () => {
    const page = await small.open('/?at=1');
    await page.getByLabel('Speed').selectOption('100f');
    await page.getByRole('button', { name: 'Play' }).click();
    await page.waitForFunction((end) => window.apledger.shown?.position === end, last);
    await page.getByText(`${last} facts`, { exact: true }).waitFor();
  });

  it('by time, the slider is as far as the clock, and can be zoomed around the moment', async () => {
    const [first] = (await small.api.get('/events', { limit: 1 })).events;
    const fifth = await viewAt(5);
    const page = await small.open('/hosts/zlp1?at=5');
    await untilShown(page, 5);
    const time = page.getByRole('slider', { name: 'Time in the log' });
    const bound = async (name: string) => Number(await time.getAttribute(name));
    await expect.poll(() => bound('min')).toBe(Date.parse(first?.occurredAt ?? ''));
    expect(await time.inputValue()).toBe(String(Date.parse(fifth.occurredAt)));
    const { position } = await small.api.get('/hosts/{host}', { host: 'zlp1', time: fifth.occurredAt });
    await time.fill(String(Date.parse(fifth.occurredAt) + 1));
    await time.fill(String(Date.parse(fifth.occurredAt)));
    await untilShown(page, position);
    await page.waitForURL((url) => url.searchParams.get('at') === fifth.occurredAt);
    await byFact(page);
    await small.open('/'); // another page has an axis of its own
    expect(await slider(page).getAttribute('max')).toBe(String(last));
  });

  it('winds the guests back with everything else', async () => {
    const page = await small.open(`/hosts/zlp1/guests?mdev=${A}`);
    await byFact(page);
    const current = page.getByRole('img', { name: /^Guest / }).locator('.state.is-current');
    await expect.poll(() => current.getAttribute('data-state')).toBe('stopped');
    const { events } = await small.api.get('/events', {
      host: 'zlp1',
      types: ['GuestStarted', 'MdevCreated'],
    });
    for (const { position, type } of events.filter(({ data }) => 'mdev' in data && data.mdev === A)) {
      await slider(page).fill(String(position));
      await expect
        .poll(() => current.getAttribute('data-state'))
        .toBe(type === 'GuestStarted' ? 'running' : 'defined');
    }
  });

  it('shows where each adapter of a guest is, now and at any moment', async () => {
    const { give, open } = await startConsole();
    const { revision } = await give('zlp1', ...smallHost('zlp1'));
    const page = await open(`/hosts/zlp1/guests?mdev=${A}`);
    const chart = page.getByRole('img', { name: 'Adapters of web' });
    await expect.poll(() => chart.getAttribute('aria-label')).toBe('Adapters of web: plugged 04 05');
    await give('zlp1', { type: 'UnbindQueue', driver: 'vfio_ap', text: '04.0004' });
    await expect.poll(() => chart.getAttribute('aria-label')).toMatch(/: plugged 05; unplugged 04$/);
    await give(
      'zlp1',
      { type: 'InjectResetFault', queue: '05.0004', responseCodes: [1, 1, 1] },
      { type: 'UnbindQueue', driver: 'vfio_ap', text: '05.0047' },
    );
    await expect.poll(() => chart.getAttribute('aria-label')).toMatch(/: unplugged 04; reset failed 05$/);
    expect(
      await chart.locator('.is-current').evaluateAll((states) => states.map((g) => g.textContent)),
    ).toEqual(['unplugged04', 'reset failed05']);
    // A page that is opened now gets the same from the service.
    const later = await open(`/hosts/zlp1/guests?mdev=${A}`);
    await later.getByRole('img', { name: /: unplugged 04; reset failed 05$/ }).waitFor();
    await byFact(page);
    await slider(page).fill(String(revision + 1));
    await expect.poll(() => chart.getAttribute('aria-label')).toBe('Adapters of web: plugged 04 05');
  });
});
