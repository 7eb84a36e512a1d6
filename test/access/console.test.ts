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
    await olga.goto(`${bank.url}/changes/CHG1`);
    await olga.getByText(/You may not judge it: .*olga proposed change CHG1/).waitFor();
    expect(await olga.getByRole('button', { name: 'Approve, and carry out' }).isDisabled()).toBe(true);
    const page = await signedIn('amir');
    await page.locator('.badge', { hasText: '1' }).waitFor();
    await page.getByRole('link', { name: /^Changes/ }).click();
    await page.getByText('waits for you').waitFor();
    await page.getByRole('link', { name: /CHG1 on prod1/ }).click();
    await page.getByText('host gains 05.0004, 05.0005').waitFor();
    for (const side of ['before', 'after'])
      await page.getByRole('application', { name: `Matrix ${side}` }).waitFor();
    await page.getByRole('application', { name: 'Matrix after' }).click({ position: { x: 60, y: 120 } });
    await page.getByText(/05\.0004: The host itself can use it/).waitFor();
    await page.getByRole('button', { name: 'Approve, and carry out' }).click();
    await page.locator('.status', { hasText: 'carried out' }).waitFor();
    expect((await bank.ledger.changes.get('CHG1'))?.change.status).toBe('carried-out');
    await page.getByRole('link', { name: 'All changes' }).click();
    await page.getByText('No change is at this point.').waitFor();
    await page.getByRole('radio', { name: 'Carried out', exact: true }).check();
    await page.getByRole('link', { name: /CHG1 on prod1/ }).waitFor();
  });

  it('says who one is, and what he may do on the host', async () => {
    const page = await signedIn('olga');
    await page.goto(`${bank.url}/hosts/prod1`);
    await page.getByRole('button', { name: 'olga' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('operator on prod*').waitFor();
    await dialog.getByText('You may give commands.').waitFor();
    await dialog.getByText('You may not approve changes of others.').waitFor();
    await dialog.getByText('What gives a guest or the host a queue needs a second person.').waitFor();
  });

  it('proposes what it may not do alone, and says why it may not make a report', async () => {
    const page = await signedIn('olga');
    await page.goto(
      `${bank.url}/hosts/prod1/what-if?steps=${encodeURIComponent('echo +6 > /sys/bus/ap/apmask')}`,
    );
    await page.locator('.tried .is-done').waitFor();
    await page.getByRole('button', { name: 'Propose …' }).click();
    await page.getByRole('textbox', { name: /^Why/ }).fill('card 6 is to be the host’s');
    await page.getByRole('button', { name: 'Propose', exact: true }).click();
    await page.getByText('Proposed as').getByRole('link').click();
    await page.getByRole('heading', { name: /^Change \w+ on host prod1/ }).waitFor();
    await page.getByText('card 6 is to be the host’s').waitFor();
    await page.getByLabel(/^Reason, to withdraw/).fill('not today');
    await page.getByRole('button', { name: 'Withdraw' }).click();
    await page.locator('.status', { hasText: 'withdrawn' }).waitFor();
    await page.goto(`${bank.url}/hosts/prod1/exposures`);
    await page.getByText('You may not report on host prod1: your roles are operator on prod*.').waitFor();
    expect(await page.getByRole('button', { name: 'Download the report' }).isDisabled()).toBe(true);
  });

  it('does not let anybody approve what he has not seen', async () => {
    const olga = await signedIn('olga');
    await olga.goto(
      `${bank.url}/hosts/prod1/what-if?steps=${encodeURIComponent('echo +6 > /sys/bus/ap/apmask')}`,
    );
    await olga.locator('.tried .is-done').waitFor();
    await olga.getByRole('button', { name: 'Propose …' }).click();
    await olga.getByRole('textbox', { name: /^Why/ }).fill('card 6');
    await olga.getByRole('button', { name: 'Propose', exact: true }).click();
    const href = await olga.getByText('Proposed as').getByRole('link').getAttribute('href');
    const amir = await signedIn('amir');
    await amir.goto(`${bank.url}${href}`);
    const approve = amir.getByRole('button', { name: 'Approve, and carry out' });
    await approve.waitFor();
    await bank.owner.submit({
      host: 'prod1',
      command: { type: 'WriteMask', mask: 'aqmask', text: '-4' },
      actor: 'test',
    });
    await amir.getByText('This change, or what it would do, is another by now.').waitFor();
    expect(await approve.isDisabled()).toBe(true);
    await amir.getByRole('button', { name: 'Show it as it is now' }).click();
    await amir.getByText('it would do something else than was proposed').waitFor();
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
