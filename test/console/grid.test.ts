/** The matrix against the API, cell by cell, for the largest host that there can be. */
import type { HostView } from '@apledger/api';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { fullHost } from './hosts.ts';
import { type Console, describeInBrowser, startConsole } from './support.ts';

type Class = 'host' | 'mdev' | 'guest' | 'nobody' | 'absent';

/** Who has each queue, from the API's JSON alone: in the words of the founding document, not of the page's code. */
function owners(view: HostView): Map<string, { owner: Class; mdev: string | undefined }> {
  const found = new Map<string, { owner: Class; mdev: string | undefined }>();
  const key = (apid: number, apqi: number) => `${apid} ${apqi}`;
  for (const { adapter, queues, zcrypt } of view.cards) {
    for (const apqi of queues) found.set(key(adapter, apqi), { owner: 'nobody', mdev: undefined });
    for (const apqi of zcrypt) found.set(key(adapter, apqi), { owner: 'host', mdev: undefined });
  }
  const claim = (
    owner: 'mdev' | 'guest',
    mdev: string,
    adapters: readonly number[],
    domains: readonly number[],
  ) => {
    for (const apid of adapters) for (const apqi of domains) found.set(key(apid, apqi), { owner, mdev });
  };
  for (const { mdev, adapters, domains } of view.mdevs) claim('mdev', mdev, adapters, domains);
  for (const { mdev, effective } of view.mdevs)
    if (effective !== null) claim('guest', mdev, effective.adapters, effective.domains);
  return found;
}

/** The colour of the middle of every cell, as the canvas has it: `apid apqi` to `r,g,b`. */
const colours = (page: Page): Promise<Record<string, string>> =>
  page.evaluate(() => {
    const canvas = document.querySelector('canvas');
    const context = canvas?.getContext('2d');
    const extent = document.querySelector<HTMLElement>('.grid-extent');
    if (!canvas || !context || !extent) throw new Error('no grid');
    const { data, width } = context.getImageData(0, 0, canvas.width, canvas.height);
    const [left, top] = [34, 24];
    const cell = {
      width: (Number.parseFloat(extent.style.width) - left) / 256,
      height: (Number.parseFloat(extent.style.height) - top) / 256,
    };
    const found: Record<string, string> = {};
    const edge = (from: number, i: number, size: number) => Math.round((from + i * size) * devicePixelRatio);
    for (let apid = 0; apid < 256; apid++)
      for (let apqi = 0; apqi < 256; apqi++) {
        const x = (edge(left, apqi, cell.width) + edge(left, apqi + 1, cell.width)) >> 1;
        const y = (edge(top, apid, cell.height) + edge(top, apid + 1, cell.height)) >> 1;
        found[`${apid} ${apqi}`] = data.subarray(4 * (y * width + x), 4 * (y * width + x) + 3).join();
      }
    return found;
  });

describeInBrowser('the matrix of a host with 65,536 queues', () => {
  let full: Console;
  let view: HostView;
  let page: Page;

  beforeAll(async () => {
    full = await startConsole();
    await full.give('big', ...fullHost('big'));
    view = await full.api.get('/hosts/{host}', { host: 'big' });
    // Large enough for whole pixels, and two device pixels for each of them.
    page = await full.open('/hosts/big', { viewport: { width: 1500, height: 1100 }, deviceScaleFactor: 2 });
    await page.waitForFunction(() => window.apledger.cell(0, 0)?.drawn === 'host');
  });

  it('is drawn pixel for pixel: the canvas is as large as its window, on a screen of twice the pixels', async () => {
    const sizes = await page.evaluate(() => {
      const canvas = document.querySelector('canvas');
      const shown = canvas?.getBoundingClientRect();
      const window_ = document.querySelector('.grid-window');
      return { drawn: canvas?.width, shown: shown?.width, window: window_?.clientWidth };
    });
    expect(sizes.shown).toBe(sizes.window);
    expect(sizes.drawn).toBe(2 * (sizes.window ?? 0));
  });

  it('is what the API says, in every cell: the class that gives the colour, and the words', async () => {
    const told = await page.evaluate(() => {
      const found: [string, string, string, string, string][] = [];
      for (let apid = 0; apid < 256; apid++)
        for (let apqi = 0; apqi < 256; apqi++) {
          const cell = window.apledger.cell(apid, apqi);
          if (cell)
            found.push([`${apid} ${apqi}`, cell.owner, cell.drawn, cell.headline, cell.reasons.join(' ')]);
        }
      return found;
    });
    expect(told).toHaveLength(65_536);
    const right = owners(view);
    const wrong = told.filter(([key, owner, drawn, headline, reasons]) => {
      const { owner: expected, mdev } = right.get(key) ?? { owner: 'absent', mdev: undefined };
      const guest = view.mdevs.find((each) => each.mdev === mdev)?.guest;
      const saysWho =
        expected === 'guest' ? headline.includes(guest ?? '?') : mdev === undefined || reasons.includes(mdev);
      return owner !== expected || drawn !== expected || !saysWho;
    });
    expect(wrong).toEqual([]);
    // The host was made so that there is something of each.
    expect(new Set(told.map(([, owner]) => owner))).toEqual(new Set(['host', 'mdev', 'guest', 'nobody']));
  });

  it('has the colours of its legend on the canvas, in every cell', async () => {
    const found = await colours(page);
    const right = owners(view);
    const byOwner = new Map<string, Set<string>>();
    for (const [key, colour] of Object.entries(found)) {
      const { owner, mdev } = right.get(key) ?? { owner: 'absent' };
      const who = owner === 'guest' ? `guest ${mdev}` : owner;
      byOwner.set(who, (byOwner.get(who) ?? new Set()).add(colour));
    }
    const [host] = byOwner.get('host') ?? [];
    for (const [who, drawn] of byOwner) {
      expect([who, ...drawn]).toHaveLength(2);
      if (who.startsWith('guest')) expect(drawn).not.toContain(host);
    }
  });

  it('draws a change where it happens, and nothing else', async () => {
    const before = await colours(page);
    const [closed] = view.mdevs.filter(({ open }) => !open);
    if (closed === undefined) throw new Error('the host has none');
    await full.give('big', { type: 'StartGuest', mdev: closed.mdev, guest: 'late' });
    const apid = closed.adapters[0] ?? 0;
    const apqi = closed.domains[0] ?? 0;
    await page.waitForFunction(
      ([a, q]) => window.apledger.cell(a ?? 0, q ?? 0)?.drawn === 'guest',
      [apid, apqi],
    );
    const expected = closed.adapters.flatMap((a) => closed.domains.map((q) => `${a} ${q}`)).sort();
    const changed = async (): Promise<string[]> => {
      const after = await colours(page);
      return Object.keys(after)
        .filter((key) => after[key] !== before[key])
        .sort();
    };
    await expect.poll(changed).toEqual(expected); // the colours come with the next frame
  });

  it('lets go of a cell with Escape, and keeps the card of the last one on the way to its links', async () => {
    const other = await full.open('/hosts/big?cell=21.0003');
    await other.getByRole('heading', { name: /21\.0003/ }).waitFor();
    await other.getByRole('application').press('Escape');
    await other.getByRole('heading', { name: 'A queue' }).waitFor();
    await other.waitForURL((url) => !url.searchParams.has('cell'));
    await other.getByRole('application').hover({ position: { x: 100, y: 100 } });
    const name = await other.locator('.cell-card .apqn').first().innerText();
    await other.getByRole('link', { name: 'What if', exact: true }).last().hover();
    expect(await other.locator('.cell-card .apqn').first().innerText()).toBe(name);
  });

  it('is there as a table, too', async () => {
    const table = await full.open('/hosts/big?as=table&cell=21.0003');
    const rows = table.locator('.data-table tbody tr');
    await rows.first().waitFor();
    const said = await rows.evaluateAll((found) =>
      found.map((row) => [...row.children].map((cell) => cell.textContent)),
    );
    const fresh = await full.api.get('/hosts/{host}', { host: 'big' });
    const right = owners(fresh);
    expect(said).toHaveLength(256);
    said.forEach(([name, owner], apqi) => {
      expect(name).toBe(`21.00${apqi.toString(16).padStart(2, '0')}`);
      expect(owner).toBe(right.get(`33 ${apqi}`)?.owner ?? 'absent');
    });
  });
});
