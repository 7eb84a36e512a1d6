/** Asking before doing: proposals, what would come of them, and the commands only after a second yes. */
import type { Page } from 'playwright-core';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { A, B, smallHost } from './hosts.ts';
import { type Console, describeInBrowser, startConsole, untilShown } from './support.ts';

const steps = (page: Page) => page.getByRole('textbox', { name: /Steps/ });
const sendButton = (page: Page) => page.getByRole('button', { name: /^Send (the|\d)/ });

describeInBrowser('what if', () => {
  let small: Console;
  /** Each test has a host of its own. */
  let host = '';
  let hosts = 0;
  /** Before the host came. */
  let first = 0;
  beforeAll(async () => {
    small = await startConsole();
  });
  beforeEach(async () => {
    hosts += 1;
    host = `zlp${hosts}`;
    first = await lastPosition();
    await small.give(host, ...smallHost(host));
  });
  const lastPosition = async (): Promise<number> => (await small.api.get('/hosts', {})).position ?? 0;

  it('says who would lose what, and does nothing', async () => {
    const before = await lastPosition();
    const page = await small.open(`/hosts/${host}/what-if`);
    await steps(page).fill('guest stop web');
    await page.locator('.tried .is-done').waitFor();
    await expect
      .poll(() => page.locator('.shifts .is-loss').allInnerTexts())
      .toEqual(['web loses 04.0004, 04.0047, 05.0004, 05.0047']);
    expect(await lastPosition()).toBe(before);
    // The address holds the question, so that it can be handed to somebody else.
    await page.waitForURL((url) => url.searchParams.get('steps') === 'guest stop web');
    await page.reload();
    await page.locator('.tried .is-done').waitFor();
  });

  it('explains what would be refused: errno, who has it, what helps', async () => {
    const page = await small.open(`/hosts/${host}/what-if`);
    await steps(page).fill(
      `echo 4 > /sys/devices/vfio_ap/matrix/${B}/assign_adapter\necho 4 > /sys/devices/vfio_ap/matrix/${B}/assign_domain`,
    );
    const refused = page.locator('.tried > .is-refused');
    await refused.waitFor();
    expect(await refused.innerText()).toMatch(/EADDRINUSE[\s\S]*04\.0004[\s\S]*first/);
    await steps(page).fill('nonsense');
    await page
      .getByRole('alert')
      .getByText(/nonsense/)
      .waitFor();
  });

  it('proposes steps for a cell, and sends them after asking once more', async () => {
    const page = await small.open(`/hosts/${host}?cell=04.0047`);
    await page.locator('.cell-card').getByRole('link', { name: 'What if' }).click();
    await page.getByRole('button', { name: 'Take domain 0047 from web' }).click();
    await page.locator('.tried .is-done').waitFor();
    const before = await lastPosition();
    await sendButton(page).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/unassign_domain/).waitFor();
    await dialog.getByText(/web loses 2 queues/).waitFor();
    expect(await lastPosition()).toBe(before);
    await dialog.getByRole('textbox').fill('Änne');
    await dialog.getByRole('button', { name: 'Send' }).click();
    await dialog.waitFor({ state: 'hidden' });
    const { events } = await small.api.get('/events', { after: before });
    expect(events[0]).toMatchObject({
      type: 'DomainUnassigned',
      actor: 'Änne',
      data: { mdev: A, domains: [0x47] },
    });
    await untilShown(page, events.at(-1)?.position ?? 0);
    await page.waitForFunction(() => window.apledger.cell(4, 0x47)?.drawn === 'nobody');
  });

  it('says what a card that is switched off means, though nobody loses a queue by it', async () => {
    const page = await small.open(`/hosts/${host}/what-if?steps=${encodeURIComponent('card 05 config=0')}`);
    await page
      .getByText('Card 05 is off: its queues stay with web, and cannot be used until it is back')
      .waitFor();
  });

  it('gives a receipt of what was sent, and does not try it once more', async () => {
    const page = await small.open(`/hosts/${host}/what-if`);
    await steps(page).fill(`echo 7 > /sys/devices/vfio_ap/matrix/${A}/assign_adapter\nguest stop web`);
    await expect.poll(() => page.locator('.tried .is-done').count()).toBe(2);
    await page.evaluate(() => {
      const seen: string[] = [];
      Object.assign(window, { seen });
      new MutationObserver(() => {
        if (document.querySelector('dialog[open]') === null)
          seen.push(document.querySelector('.tried')?.textContent ?? '');
      }).observe(document.body, { childList: true, subtree: true, characterData: true });
    });
    await sendButton(page).click();
    await page.getByRole('dialog').getByRole('textbox').fill('anna');
    await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
    const receipts = page.locator('.receipts');
    await receipts.getByText(`All 2 commands were carried out on ${host}`).waitFor();
    await receipts.getByText(/Guest stopped/).waitFor();
    await expect.poll(() => steps(page).inputValue()).toBe('');
    await page.getByText('Nobody loses or gains a queue.').waitFor();
    const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
    expect(seen.filter((text) => /refused|E[A-Z]{3,}/.test(text))).toEqual([]);
    await receipts.getByRole('link', { name: 'Facts' }).click();
    await page
      .locator('.fact')
      .first()
      .getByText(/Guest stopped|Queue reset/)
      .waitFor();
  });

  it('a rectangle of the matrix goes into the basket, and from there into the steps', async () => {
    const page = await small.open(`/hosts/${host}?cell=06.0005`);
    const grid = page.getByRole('application');
    await grid.focus();
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Shift+ArrowDown');
    const card = page.locator('.selection-card');
    await card.getByText('4 queues selected').waitFor();
    await card.getByText('06 07 × 0005 0047').waitFor();
    await card.getByLabel('Give to').selectOption(B);
    await card.getByRole('button', { name: 'Into the basket' }).click();
    expect(await card.locator('code').allInnerTexts()).toEqual([
      `echo 0x07 > /sys/devices/vfio_ap/matrix/${B}/assign_adapter`,
      `echo 0x47 > /sys/devices/vfio_ap/matrix/${B}/assign_domain`,
    ]);
    await card.getByRole('link', { name: 'Try it' }).click();
    await expect.poll(() => page.locator('.tried .is-done').count()).toBe(2);
    await page.getByRole('link', { name: 'Matrix', exact: true }).click();
    await grid.waitFor();
    const box = await grid.boundingBox();
    if (box === null) throw new Error('the grid is not there');
    await page.mouse.move(box.x + 60, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + 300, box.y + 150, { steps: 4 });
    await page.mouse.up();
    await card.getByText(/\d+ queues selected/).waitFor();
    await card.getByRole('button', { name: /Take the domains from web/ }).waitFor();
    await card.getByRole('button', { name: 'Select nothing' }).click();
    await card.getByRole('button', { name: 'Empty it' }).click();
    await card.waitFor({ state: 'detached' });
  });

  it('a click on a cell, or on the id of a row or a column, chooses what to propose for', async () => {
    const page = await small.open(`/hosts/${host}/what-if`);
    const before = page.getByRole('application', { name: 'Matrix before' });
    await before.waitFor();
    await before.click({ position: { x: 60, y: 40 } });
    await page.getByRole('heading', { name: 'With 04.0004' }).waitFor();
    await before.click({ position: { x: 15, y: 80 } });
    await page.getByRole('heading', { name: 'With 05.0004' }).waitFor();
    await before.click({ position: { x: 150, y: 10 } });
    await page.getByRole('heading', { name: 'With 05.0005' }).waitFor();
    await page.getByRole('button', { name: 'Switch card 05 off' }).click();
    await page.locator('.tried > li').getByText('card 05 config=0').waitFor();
  });

  it('does not send what was decided on a host that is elsewhere by now', async () => {
    const page = await small.open(`/hosts/${host}/what-if?steps=guest+stop+web`);
    await page.locator('.tried .is-done').waitFor();
    await page.route('**/what-if', (route) => route.abort()); // it does not hear of the other one's change
    await sendButton(page).click();
    await small.give(host, { type: 'AssignDomain', mdev: B, text: '4' });
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('anna');
    await dialog.getByRole('button', { name: 'Send' }).click();
    await dialog.getByRole('alert').waitFor();
    const view = await small.api.get('/hosts/{host}', { host });
    expect(view.mdevs.find(({ mdev }) => mdev === A)?.open).toBe(true);
  });

  it('asks about the past, too, and sends nothing from there', async () => {
    const page = await small.open(`/hosts/${host}/what-if?at=${first + 6}&steps=scan`);
    await page.getByText('Commands can be given only now').waitFor();
    expect(await sendButton(page).isDisabled()).toBe(true);
  });
});
