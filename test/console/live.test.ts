/** The page stays up to date by itself. */
import { expect, it } from 'vitest';
import { startLedger } from '../ledger/support.ts';
import { scratch } from '../support/file.ts';
import { A, mdevWith, register, smallHost, start, stop } from './hosts.ts';
import { describeInBrowser, startConsole, untilShown } from './support.ts';

/** What the operator is promised: a change shows within this time. */
const SOON_MS = 1000;
/** A machine that is busy with something else gets another chance. */
const CHANCES = 5;

describeInBrowser('the live page', () => {
  it('shows within a second what a command has done', async () => {
    const { give, open } = await startConsole();
    await give('zlp1', ...smallHost('zlp1'));
    const page = await open('/hosts/zlp1');
    const seen: boolean[] = [];
    for (let chance = 0; chance < CHANCES && !seen.includes(true); chance++) {
      await give('zlp1', chance % 2 === 0 ? stop(A) : start(A, 'web'));
      const drawn = chance % 2 === 0 ? 'mdev' : 'guest';
      const shows = page.waitForFunction((owner) => window.apledger.cell(4, 4)?.drawn === owner, drawn, {
        timeout: SOON_MS,
      });
      seen.push(await shows.then(() => true).catch(() => false));
      await page.waitForFunction((owner) => window.apledger.cell(4, 4)?.drawn === owner, drawn);
    }
    expect(seen).toContain(true);
  });

  it('brings a new host into the list, and what happens there', async () => {
    const { give, open } = await startConsole();
    const page = await open('/');
    await page.getByText('No host yet').waitFor();
    await give('lpar7', register('lpar7', [1], [2]));
    await page.getByRole('link', { name: /lpar7/ }).waitFor();
    await give('lpar7', ...mdevWith(A, [1], [2]), start(A, 'web'));
    await page.getByText(/· 1 guest ·/).waitFor();
  });

  it('says that the service is gone, and takes up again where it was', async () => {
    const data = scratch();
    const { give, open, process, url } = await startConsole(data);
    await give('zlp1', ...smallHost('zlp1'));
    const page = await open('/hosts/zlp1');
    await page.getByText('Live', { exact: true }).waitFor();
    process.signal('SIGKILL');
    await page.getByText('No connection').waitFor();
    await startLedger('--data', data, '--port', new URL(url).port);
    const { revision } = await give('zlp1', stop(A));
    await page.waitForFunction((at) => window.apledger.shown?.revision === at, revision);
    await page.getByText('Live', { exact: true }).waitFor();
  });

  it('stays in the past while things happen, and comes back to now', async () => {
    const { give, open } = await startConsole();
    const { revision } = await give('zlp1', ...smallHost('zlp1'));
    const page = await open(`/hosts/zlp1?at=${revision}`);
    await untilShown(page, revision);
    await give('zlp1', stop(A));
    await page.getByText('Past', { exact: true }).waitFor();
    await untilShown(page, revision);
    await page.getByRole('button', { name: 'Now' }).click();
    await page.waitForFunction(() => window.apledger.cell(4, 4)?.drawn === 'mdev');
    await page.waitForURL((url) => !url.searchParams.has('at'));
  });
});
