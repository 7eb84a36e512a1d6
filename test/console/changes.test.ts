/** Planned changes: from steps or a procedure to a plan, and the page of a change while it waits, runs, is held and goes back. */
import type { Page } from 'playwright-core';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { violations } from './axe.ts';
import { A, B, smallHost, start, stop } from './hosts.ts';
import { picture } from './pictures.ts';
import { type Console, describeInBrowser, startConsole } from './support.ts';

describeInBrowser('planned changes', () => {
  let served: Console;
  let host = '';
  let hosts = 0;
  beforeAll(async () => {
    served = await startConsole();
  });
  beforeEach(async () => {
    hosts += 1;
    host = `zlp${hosts}`;
    await served.give(host, ...smallHost(host));
  });
  const status = (page: Page, words: string) =>
    page.locator('.panel-head .status', { hasText: new RegExp(`^${words}$`) }).waitFor();
  const makeChange = async (page: Page, within = ''): Promise<void> => {
    const plan = page.locator('.plan-panel');
    await plan.getByLabel(/^Why/).fill('CHG1, tonight');
    await plan.getByLabel(/^Goes back unless/).fill(within);
    await plan.getByRole('button', { name: 'Make it a change' }).click();
    await page.getByRole('heading', { level: 1, name: /^Change / }).waitFor();
  };
  const web = async () =>
    (await served.api.get('/hosts/{host}', { host })).mdevs.find(({ mdev }) => mdev === A);

  it('steps become a plan, the plan a change, and the change is carried out and confirmed', async () => {
    const steps = `echo 7 > /sys/devices/vfio_ap/matrix/${A}/assign_adapter`;
    const page = await served.open(`/hosts/${host}/what-if?steps=${encodeURIComponent(steps)}`);
    await page.locator('.tried .is-done').waitFor();
    await page.getByRole('button', { name: 'Plan it' }).last().click();
    await page.locator('.plan-panel .plan-steps code').first().waitFor();
    await page.locator('.plan-panel .is-gain', { hasText: 'web gains 07.0004, 07.0047' }).waitFor();
    await makeChange(page, '10m');
    await status(page, 'proposed');
    await page.getByText('Waits for somebody to start it').waitFor();
    await page.getByRole('application', { name: 'Matrix after' }).waitFor();
    expect((await web())?.adapters).toEqual([4, 5]);
    await page.getByRole('button', { name: 'Start' }).click();
    await status(page, 'verifying');
    await page.getByText('It goes back unless somebody confirms it until').waitFor();
    await page.locator('.state.is-current[data-state="verifying"]').waitFor();
    expect((await web())?.adapters).toEqual([4, 5, 7]);
    await page.getByRole('button', { name: 'Confirm: it stays' }).click();
    await status(page, 'carried out');
    expect(await page.locator('.plan-steps .is-done').count()).toBeGreaterThan(0);
    await page.getByRole('link', { name: 'All changes' }).click();
    await page.getByRole('radio', { name: 'Carried out' }).check();
    await page.getByRole('link', { name: new RegExp(`on ${host}`) }).waitFor();
  });

  it('shows on whom it waits, goes on by itself, and is held when somebody else changes the host', async () => {
    const page = await served.open(`/hosts/${host}/what-if`);
    await page.getByLabel('Task').selectOption('retire-guest');
    await page.locator('.procedures').getByRole('button', { name: 'Plan it' }).click();
    await makeChange(page);
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText(/^Waits: .*web/).waitFor();
    expect(await violations(page)).toEqual([]);
    await picture(page, 'change-light');
    await served.give(host, { type: 'AssignDomain', mdev: B, text: '4' }, stop(A));
    await page
      .getByRole('alert')
      .getByText(/^Held since/)
      .waitFor();
    await status(page, 'held');
    expect(await violations(page)).toEqual([]);
    expect(await page.getByRole('button', { name: 'Leave it as it is' }).isDisabled()).toBe(true);
    await page.getByLabel(/^Reason, to/).fill('B had to have it');
    await page.getByRole('button', { name: 'Continue with what is left' }).click();
    await status(page, 'carried out');
    expect(await web()).toBeUndefined();
  });

  it('goes back when it is told to, while it still could be confirmed', async () => {
    const steps = `echo 7 > /sys/devices/vfio_ap/matrix/${A}/assign_adapter`;
    const page = await served.open(`/hosts/${host}/what-if?steps=${encodeURIComponent(steps)}`);
    await page.locator('.tried .is-done').waitFor();
    await page.getByRole('button', { name: 'Plan it' }).last().click();
    await makeChange(page, '1h');
    await page.getByRole('button', { name: 'Start' }).click();
    await status(page, 'verifying');
    await page.getByLabel(/^Reason, to/).fill('web complains');
    await page.getByRole('button', { name: 'Go back' }).click();
    await status(page, 'back');
    expect((await web())?.adapters).toEqual([4, 5]);
  });

  it('a plan that is not to be carried out says why, and cannot be made a change', async () => {
    await served.give(host, start(B, 'db'));
    const page = await served.open(`/hosts/${host}/what-if?cell=06.0005`);
    await page.getByLabel('Task').selectOption('move-queue');
    await page.locator('.procedures').getByRole('button', { name: 'Plan it' }).click();
    await page.getByRole('alert').getByText('It is not to be carried out').waitFor();
    expect(await page.getByRole('button', { name: 'Make it a change' }).count()).toBe(0);
    expect(await violations(page)).toEqual([]);
    await page.getByLabel('From').selectOption('db');
    await page.locator('.procedures').getByRole('button', { name: 'Plan it' }).click();
    await page.locator('.plan-panel .plan-steps li').first().waitFor();
    await page.getByRole('button', { name: 'Make it a change' }).waitFor();
  });

  it('a change that there is not is said not to be there', async () => {
    const page = await served.open('/changes/nosuch');
    await page.getByRole('heading', { level: 1, name: 'Change nosuch' }).waitFor();
    await page
      .getByRole('status')
      .getByText(/nosuch/)
      .waitFor();
  });
});
