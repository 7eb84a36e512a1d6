/** What the page says must be so: of the past as it was then, of all facts and not of those that happen to be loaded. */
import { beforeAll, expect, it } from 'vitest';
import { scratch, startLedger } from '../ledger/support.ts';
import { B, smallHost, start, stop } from './hosts.ts';
import { type Console, describeInBrowser, startConsole } from './support.ts';

describeInBrowser('answers', () => {
  let served: Console;
  beforeAll(async () => {
    served = await startConsole();
    await served.give('zlp1', ...smallHost('zlp1'));
  });

  it('what is sent is what the open dialog says, whatever others do meanwhile', async () => {
    const page = await served.open('/hosts/zlp1/what-if?steps=guest+stop+web');
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
