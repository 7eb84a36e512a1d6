/** Many of everything: guests that must be told apart, refusals and turns that must all be there, times that need a closer look. */
import type { Command } from '@apledger/events';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { sized } from '../support/long.ts';
import { A, B, crowdedHost, smallHost, start, stop } from './hosts.ts';
import { type Console, describeInBrowser, startConsole, untilShown } from './support.ts';

/** More than one page of refusals. */
const REFUSALS = sized(1100, 3000);

/** What is on the canvas in a cell of each mdev, as text: equal where a reader sees the same. */
const picturesOf = (
  page: Page,
  canvas: number,
  cells: readonly (readonly [number, number])[],
): Promise<string[]> =>
  page.evaluate(
    ([which, wanted]) => {
      const extent = document.querySelectorAll<HTMLElement>('.grid-extent')[which];
      const drawn = extent?.querySelector('canvas');
      const context = drawn?.getContext('2d');
      if (!extent || !context) throw new Error('no grid');
      const [left, top] = [34, 24];
      const width = (Number.parseFloat(extent.style.width) - left) / 85;
      const height = (Number.parseFloat(extent.style.height) - top) / 16;
      return wanted.map(([apid, apqi]) =>
        context
          .getImageData(left + apqi * width, top + apid * height, Math.round(width), Math.round(height))
          .data.join(),
      );
    },
    [canvas, cells] as const,
  );

describeInBrowser('60 guests on 16 x 85 queues', () => {
  let crowd: Console;
  const cells = Array.from({ length: 60 }, (_, i) => [4 * (i % 4), Math.floor(i / 4)] as const);
  beforeAll(async () => {
    crowd = await startConsole();
    await crowd.give('big', ...crowdedHost('big'));
  });

  it.each([
    [1280, 800],
    [1920, 1080],
  ])('look like nobody else, each of them, at %d x %d', async (width, height) => {
    const page = await crowd.open('/hosts/big', { viewport: { width, height } });
    await page.waitForFunction(() => window.apledger.cell(0, 0)?.drawn === 'guest');
    await expect.poll(async () => new Set(await picturesOf(page, 0, cells)).size).toBe(60);
    // The same guest looks the same in all its cells: no cell is a pixel wider than the next.
    const [one, other] = await picturesOf(page, 0, [
      [0, 0],
      [3, 75],
    ]);
    expect(one).toBe(other);
  });

  it('and in what if, before and after', async () => {
    const page = await crowd.open('/hosts/big/what-if');
    await page.getByRole('application', { name: 'Matrix after' }).waitFor();
    for (const side of [0, 1])
      await expect.poll(async () => new Set(await picturesOf(page, side, cells)).size).toBe(60);
  });
});

describeInBrowser('a long history', () => {
  let served: Console;
  beforeAll(async () => {
    served = await startConsole();
    await served.give('zlp1', ...smallHost('zlp1'), stop(A), start(A, 'web'));
    const refused: Command = { type: 'AssignAdapter', mdev: B, text: '4' };
    const both: Command = { type: 'AssignDomain', mdev: B, text: '4' };
    await served.give('zlp1', both);
    for (let i = 0; i < REFUSALS; i++) await served.api.submit({ host: 'zlp1', command: refused });
    await served.give('zlp1', stop(A), start(A, 'web'));
  });

  it('the ticks of refused commands go on to the last one', async () => {
    const { events } = await served.api.get('/events', {
      host: 'zlp1',
      types: ['CommandRejected'],
      order: 'newest',
      limit: 1,
    });
    const [last] = events;
    const head = await served.api.get('/hosts/{host}', { host: 'zlp1' });
    const page = await served.open('/hosts/zlp1');
    await page.getByLabel('The axis').selectOption('facts');
    const place = Math.round((1000 * ((last?.position ?? 0) - 1)) / (head.position - 1));
    await expect
      .poll(() =>
        page
          .locator('.marks line')
          .evaluateAll((lines) => Math.max(...lines.map((line) => Number(line.getAttribute('x1'))))),
      )
      .toBe(place);
    expect(await page.locator('.marks line').count()).toBeGreaterThan(900);
  });

  it('custody can be zoomed around the moment, until a turn of milliseconds is more than a hairline', async () => {
    const { events } = await served.api.get('/events', {
      host: 'zlp1',
      types: ['GuestStopped'],
      order: 'newest',
      limit: 1,
    });
    const page = await served.open(`/hosts/zlp1/custody?queue=04.0004&at=${events[0]?.position}`);
    const turns = page.locator('.custody-chart .bar.is-nobody rect');
    const widest = () =>
      turns.evaluateAll((rects) => Math.max(...rects.map((rect) => rect.getBoundingClientRect().width)));
    await turns.first().waitFor();
    expect(await widest()).toBeLessThan(10);
    const closer = page.getByRole('button', { name: 'Shorter time, around the moment that is shown' });
    for (let steps = 0; steps < 11 && (await widest()) < 20; steps++) await closer.click();
    expect(await widest()).toBeGreaterThan(20);
    await page.locator('.custody-chart .at').waitFor({ state: 'attached' });
    const wider = page.getByRole('button', { name: 'Longer time' });
    while (await wider.isEnabled()) await wider.click();
    expect(await widest()).toBeLessThan(10);
  });

  it('custody shows the newest periods, and all when somebody asks or looks at an older one', async () => {
    const turns = Array.from({ length: 260 }, () => [stop(A), start(A, 'web')]).flat();
    await served.give('zlp2', ...smallHost('zlp2'), ...turns);
    const { intervals } = await served.api.get('/hosts/{host}/custody', { host: 'zlp2', apqn: '04.0004' });
    const page = await served.open('/hosts/zlp2/custody?queue=04.0004');
    const rows = page.locator('.custody-view tbody tr');
    await expect.poll(() => rows.count()).toBe(500);
    expect(intervals.length).toBeGreaterThan(500);
    await page.getByText(`The newest 500 periods; ${intervals.length - 500} are older.`).waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await expect.poll(() => rows.count()).toBe(intervals.length);
    const first = intervals[1]?.from?.position;
    const then = await served.open(`/hosts/zlp2/custody?queue=04.0004&at=${first}`);
    await then.locator('.custody-view tbody tr.is-on').waitFor();
    expect(await then.locator('.custody-view tbody tr').count()).toBe(intervals.length);
  });

  it('the time bar can be zoomed until single facts are apart', async () => {
    const page = await served.open('/hosts/zlp1');
    await page.getByLabel('The axis').selectOption('facts');
    const slider = page.getByRole('slider');
    const span = async () =>
      Number(await slider.getAttribute('max')) - Number(await slider.getAttribute('min'));
    const { position: last } = await served.api.get('/hosts/{host}', { host: 'zlp1' });
    const whole = last - 1;
    await expect.poll(span).toBe(whole);
    const closer = page.getByRole('button', { name: 'Shorter axis, around the moment that is shown' });
    while (await closer.isEnabled()) await closer.click();
    await expect.poll(span).toBeLessThan(100);
    const position = Number(await slider.getAttribute('min')) + 3;
    await slider.fill(String(position));
    await untilShown(page, position);
    while (await page.getByRole('button', { name: 'Longer axis' }).isEnabled())
      await page.getByRole('button', { name: 'Longer axis' }).click();
    await expect.poll(span).toBe(whole);
  });
});
