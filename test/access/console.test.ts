/** The page where access is controlled: signing in, the inbox of approvals, controls that say why not, a session that ends. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { consoleDirectory, launch } from '../console/browser.ts';
import { describeInBrowser } from '../console/support.ts';
import { type Bank, openBank } from './support.ts';

describeInBrowser('the console, where access is controlled', () => {
  let bank: Bank;
  let chromium: Browser;
  const contexts: BrowserContext[] = [];
  beforeAll(async () => {
    bank = await openBank(consoleDirectory());
    await bank.bind('olga', 'operator', 'prod*');
    await bank.bind('amir', 'approver', '*');
    chromium = await launch();
  });
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
  });
  afterAll(async () => {
    await chromium?.close();
    await bank?.close();
  });

  async function signedIn(person: string): Promise<Page> {
    const context = await chromium.newContext();
    contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(bank.url);
    await page.getByRole('link', { name: 'Sign in', exact: true }).click();
    await page.getByRole('link', { name: person }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    return page;
  }

  it('shows who is signed in and the hosts that he may read, and forgets him when he signs out', async () => {
    const page = await signedIn('olga');
    expect(await page.locator('.account').textContent()).toBe('olga');
    expect(await page.locator('.account').getAttribute('title')).toContain('operator on prod*');
    await page.getByText('prod1').first().waitFor();
    expect(await page.getByText('test1').count()).toBe(0);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in', exact: true }).waitFor();
  });

  it('tells approvers what waits, shows both matrices, and carries out what they agree to', async () => {
    const { secret } = (await (await bank.exchange(await bank.idToken())).json()) as { secret: string };
    const response = await fetch(`${bank.url}/api/v1/hosts/prod1/changes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify({
        commands: [{ type: 'WriteMask', mask: 'apmask', text: '+5' }],
        reason: 'more for the host',
        change: 'CHG1',
      }),
    });
    expect(response.status).toBe(200);
    const olga = await signedIn('olga');
    await olga.goto(`${bank.url}/changes`);
    await olga.getByText(/You may not judge it: .*olga proposed change CHG1/).waitFor();
    expect(await olga.getByRole('button', { name: 'Approve, and carry out' }).isDisabled()).toBe(true);
    const page = await signedIn('amir');
    await page.locator('.badge', { hasText: '1' }).waitFor();
    await page.goto(`${bank.url}/changes`);
    await page.getByText('host gains 05.0004, 05.0005').waitFor();
    await page.getByText('Both matrices').click();
    await page.getByRole('heading', { name: 'Then' }).waitFor();
    await page.getByRole('button', { name: 'Approve, and carry out' }).click();
    await page.getByText('None waits.').waitFor();
    expect((await bank.ledger.changes.get('CHG1'))?.change.status).toBe('carried-out');
  });

  it('says when a session has ended, and keeps what was typed', async () => {
    const page = await signedIn('olga');
    await page.goto(`${bank.url}/hosts/prod1/what-if`);
    await page.getByRole('textbox').first().fill('echo +6 > /sys/bus/ap/apmask');
    const sessions = [...bank.ledger.access.state.credentials.values()].filter(
      ({ kind }) => kind === 'session',
    );
    for (const { id } of sessions) await bank.owner.ask('revoke', { id });
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await page.getByText('Your session has ended').waitFor();
    expect(await page.getByRole('textbox').first().inputValue()).toBe('echo +6 > /sys/bus/ap/apmask');
  });
});
