/** Paper, and colours that the system of the reader forces. */
import { beforeAll, expect, it } from 'vitest';
import { smallHost } from './hosts.ts';
import { type Console, describeInBrowser, startConsole } from './support.ts';

describeInBrowser('paper and forced colours', () => {
  let served: Console;
  beforeAll(async () => {
    served = await startConsole();
    await served.give('zlp1', ...smallHost('zlp1'));
  });

  it.each(['/hosts/zlp1?at=5', '/hosts/zlp1/facts?at=5', '/hosts/zlp1/custody?queue=04.0004&at=5', '/?at=5'])(
    '%s is printed without bars and buttons, and says what it is',
    async (address) => {
      const page = await served.open(address, { colorScheme: 'dark' });
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      for (const part of ['.top-bar', '.time-bar', '.tools', '.skip'])
        expect(await page.locator(part).first().isVisible(), part).toBe(false);
      const head = page.locator('.print-head');
      await head.getByText('position 5,').waitFor();
      expect(await head.innerText()).toContain(address);
      await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
      expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('light');
      await page.evaluate(() => dispatchEvent(new Event('afterprint')));
      expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
    },
  );

  it('what is printed of the matrix has light colours at once', async () => {
    const page = await served.open('/hosts/zlp1', { colorScheme: 'dark' });
    await page.waitForFunction(() => window.apledger.cell(4, 4)?.drawn === 'guest');
    const colours = await page.evaluate(() => {
      const canvas = document.querySelector('canvas');
      const corner = () =>
        canvas
          ?.getContext('2d')
          ?.getImageData(canvas.width - 1, canvas.height - 1, 1, 1)
          .data.join();
      const dark = corner();
      dispatchEvent(new Event('beforeprint'));
      return { dark, light: corner() };
    });
    expect(colours.light).toBe('255,255,255,255');
    expect(colours.dark).not.toBe(colours.light);
  });

  it('forced colours leave marks, legend, choices and the slider their meaning', async () => {
    const page = await served.open('/hosts/zlp1', { forcedColors: 'active', colorScheme: 'light' });
    await page.locator('.holders .mark').first().waitFor();
    const styleOf = (selector: string, name: string): Promise<string> =>
      page
        .locator(selector)
        .first()
        .evaluate((element, property) => getComputedStyle(element).getPropertyValue(property), name);
    const colours = new Set<string>();
    for (const selector of ['.holders .mark-0', '.holders .mark-1', '.holders .mark.is-host'])
      colours.add(await styleOf(selector, 'background-color'));
    expect(colours.size).toBe(3);
    expect(await styleOf('.key.is-host', 'background-color')).not.toBe(
      await styleOf('body', 'background-color'),
    );
    expect(await styleOf('.segmented input:checked + span', 'outline-style')).toBe('solid');
    expect(await styleOf('.track input', 'forced-color-adjust')).toBe('none');
  });
});
