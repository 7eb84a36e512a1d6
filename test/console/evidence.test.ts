/** The page says how far the log is sealed, and the browser checks the proof of a fact by itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parsePolicy, verifyProof } from '@apledger/evidence';
import { beforeAll, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { smallHost } from './hosts.ts';
import { type Console, describeInBrowser, startConsole } from './support.ts';

describeInBrowser('evidence', () => {
  const data = join(scratch(), 'data');
  let console_: Console;
  beforeAll(async () => {
    console_ = await startConsole(data);
    await console_.give('zlp1', ...smallHost('zlp1'));
  });

  it('is shown, checked in the browser, and downloaded', async () => {
    const page = await console_.open('/hosts/zlp1/facts');
    await page.getByText(/^\d+ facts? sealed, signed at \d\d:\d\d$/).waitFor();
    const button = page.getByRole('button', { name: 'Evidence of fact 1', exact: true });
    await button.click();
    await page.getByText(/Checked here: fact 1 of \d+, signed by apledger\//).waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download' }).click();
    const file = readFileSync(await (await download).path(), 'utf8');
    const policy = await parsePolicy(readFileSync(join(data, 'tlog/policy'), 'utf8'));
    expect(await verifyProof(file, policy)).toMatchObject({
      index: 0,
      fact: { stream: 'host-zlp1', revision: 0 },
    });
  });

  it('is downloaded from custody, of the fact at each boundary', async () => {
    const page = await console_.open('/hosts/zlp1/custody?queue=04.0004');
    const table = page.getByRole('table');
    const button = table.getByRole('button', { name: /^Evidence of fact/ }).first();
    const position = Number(/\d+$/.exec((await button.getAttribute('aria-label')) ?? '')?.[0]);
    await button.click();
    await table.getByText(/Checked here: fact \d+ of \d+/).waitFor();
    const download = page.waitForEvent('download');
    await table.getByRole('link', { name: 'Download' }).click();
    const file = readFileSync(await (await download).path(), 'utf8');
    const policy = await parsePolicy(readFileSync(join(data, 'tlog/policy'), 'utf8'));
    expect(await verifyProof(file, policy)).toMatchObject({
      index: position - 1,
      fact: { stream: 'host-zlp1', revision: position - 1 },
    });
  });

  it('the checkpoint is downloaded from the bar above, and with a report', async () => {
    const page = await console_.open('/report');
    for (const name of [/facts? sealed, signed/, 'Download the checkpoint']) {
      const download = page.waitForEvent('download');
      await page.getByRole('link', { name }).click();
      const note = readFileSync(await (await download).path(), 'utf8');
      expect(note).toMatch(/^apledger\/.*\n\d+\n/);
    }
  });

  it('is refused for a fact that was changed behind the back of the log', async () => {
    const db = new DatabaseSync(join(data, 'log.sqlite'));
    db.exec(
      `UPDATE commits SET body = replace(body, '"actor":"', '"actor":"not-') WHERE position = (SELECT min(position) FROM commits)`,
    );
    db.close();
    const page = await console_.open('/hosts/zlp1/facts');
    await page.getByRole('button', { name: 'Evidence of fact 1', exact: true }).click();
    await page.getByText(/position 1 is not the fact that was sealed/).waitFor();
  });
});

describeInBrowser('a log that is not as it was written', () => {
  const data = join(scratch(), 'data');
  let served: Console;
  beforeAll(async () => {
    const before = await startConsole(data);
    await before.give('zlp1', ...smallHost('zlp1'));
    before.process.signal('SIGTERM');
    await before.process.ended();
    const log = new DatabaseSync(join(data, 'log.sqlite'));
    log.exec(`UPDATE commits SET body = replace(body, '"actor":"anna@ops"', '"actor":"bob@ops"')`);
    log.close();
    served = await startConsole(data);
  });

  it.each(['custody?queue=04.0004', 'exposures', 'facts'])(
    'is said to be none by %s, before its answer',
    async (view) => {
      const page = await served.open(`/hosts/zlp1/${view}`);
      await page
        .getByRole('alert')
        .getByText(/^Host zlp1: the log is NOT AS IT WAS WRITTEN, \d+ problems/)
        .waitFor();
    },
  );
});
