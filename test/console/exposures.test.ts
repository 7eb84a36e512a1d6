/** What an auditor looks for: exposures, two moments side by side, and a report as a file. */
import { readFileSync } from 'node:fs';
import { describeChange } from '@apledger/projections/host';
import type { Download, Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { incident, smallHost, threeGuests } from './hosts.ts';
import { type Console, describeInBrowser, startConsole } from './support.ts';

describeInBrowser('what an auditor looks for', () => {
  let served: Console;
  let before = 0;
  beforeAll(async () => {
    served = await startConsole();
    const { done } = threeGuests('zlp1');
    before = (await served.give('zlp1', ...done)).revision + 1;
    await served.give('zlp1', ...incident());
    await served.give('lpar2', ...smallHost('lpar2'));
  });
  const saved = async (page: Page, act: () => Promise<void>): Promise<[Download, string]> => {
    const waiting = page.waitForEvent('download');
    await act();
    const download = await waiting;
    return [download, readFileSync(await download.path(), 'utf8')];
  };

  it('exposures are those of the API, at the moment that the page shows', async () => {
    const { exposures } = await served.api.get('/hosts/{host}/exposures', { host: 'zlp1' });
    const handovers = exposures.filter(({ kind }) => kind === 'unreset-handover');
    expect(handovers.length).toBeGreaterThan(0);
    const page = await served.open('/hosts/zlp1/exposures');
    await expect.poll(() => page.locator('.exposure').count()).toBe(exposures.length);
    await page.getByRole('radio', { name: 'Not reset' }).check();
    await expect.poll(() => page.locator('.exposure').count()).toBe(handovers.length);
    await page.getByText('05.0047 went from guest2 to guest1 without a reset.').waitFor();
    await page.locator('.exposure').first().getByRole('link', { name: 'Custody' }).click();
    await page.locator('.custody-chart .unsafe').first().waitFor();
    await page.goto(`${served.url}/hosts/zlp1/exposures?at=${before}&only=unreset-handover`);
    await page.getByText('No exposure was found up to this moment.').waitFor();
  });

  it('two moments are compared as matrices and as a list, and the way there is an address', async () => {
    const { changes } = await served.api.get('/hosts/{host}/diff', { host: 'zlp1', from: String(before) });
    const page = await served.open('/hosts/zlp1/compare');
    await page.getByRole('textbox', { name: 'with' }).fill(String(before));
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await expect.poll(() => page.locator('.differences li').count()).toBe(changes.length);
    const words = (await page.locator('.differences').innerText()).replaceAll(/ \(guest\d\)/g, '');
    const UUID = /([0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
    for (const change of changes) expect(words).toContain(describeChange(change).replaceAll(UUID, '$1'));
    await page.getByRole('application', { name: 'Matrix before' }).waitFor();
    await page.getByRole('application', { name: 'Matrix after' }).waitFor();
    await page.reload();
    await expect.poll(() => page.locator('.differences li').count()).toBe(changes.length);
    await page.getByRole('textbox', { name: 'with' }).fill('2026-02-30');
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await page.getByRole('alert').getByText('there is no such day').waitFor();
  });

  it('a relative moment is kept as the one that was used', async () => {
    const page = await served.open('/hosts/zlp1/compare?from=-0s');
    await page.waitForURL((url) => /^\d{4}-.*Z$/.test(url.searchParams.get('from') ?? ''));
  });

  it('a report of the host and of all hosts is a file, as the API gives it', async () => {
    const page = await served.open(`/hosts/zlp1/exposures?at=${before}`);
    await page.getByLabel('Format').selectOption('json');
    const [host, text] = await saved(page, () =>
      page.getByRole('button', { name: 'Download the report' }).click(),
    );
    expect(host.suggestedFilename()).toBe('apledger-report-zlp1.json');
    expect(JSON.parse(text)).toEqual(
      await served.api.get('/report', { format: 'json', host: 'zlp1', to: String(before) }),
    );
    await page.goto(`${served.url}/report`);
    const [all, html] = await saved(page, () =>
      page.getByRole('button', { name: 'Download the report' }).click(),
    );
    expect(all.suggestedFilename()).toBe('apledger-report.html');
    expect(html).toContain('Host lpar2');
  });

  it('a report that cannot be made says why', async () => {
    const page = await served.open('/report');
    await page.getByLabel('Host').fill('nosuch');
    await page.getByRole('button', { name: 'Download the report' }).click();
    await page
      .getByRole('alert')
      .getByText(/nosuch/)
      .waitFor();
  });
});
