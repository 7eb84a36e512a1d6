/** The observer on a mounted host, with bash making the changes: the host that it concludes is the one behind the mount. */
import { readdirSync, readFileSync } from 'node:fs';
import { parseScript, type Step } from '@apledger/script';
import { describe, expect, it } from 'vitest';
import { inRepository } from '../cli/support.ts';
import { noMount } from '../lab/support.ts';
import { Site } from './site.ts';

const SCRIPTS = readdirSync(inRepository('examples'))
  .filter((name) => name.endsWith('.sh'))
  .map((name) => [name, readFileSync(inRepository(`examples/${name}`), 'utf8')] as const)
  .filter(([, text]) => !text.startsWith('#!'));

/** The words of a step as `apledger lab` takes them; undefined for what bash does. */
function labWords({ source, operation }: Step): string[] | undefined {
  if (['echo', 'cat', 'ls', 'cd', 'readlink'].includes(operation.kind)) return undefined;
  const words = source.replace(/^!\s*/, '').split(/\s+/);
  return words[0] === 'host' ? words.slice(1) : words;
}

describe.skipIf(noMount !== undefined)('an observer in the lab', () => {
  it.each(SCRIPTS)('sees what %s does, step by step', async (_, text) => {
    let site: Site | undefined;
    let folder = '';
    const runsOn = new Set<string>();
    for (const step of parseScript(text)) {
      const { operation, source, line } = step;
      if (operation.kind === 'host') {
        if (operation.settings === undefined) continue;
        const words = source.split(/\s+/).slice(2);
        const settings = words.filter((word) => !word.startsWith('driver='));
        await site?.end();
        site = await Site.open(operation.settings.driver, ...settings);
        folder = '';
        await site.fakeGuests(runsOn);
        await site.observe();
      } else if (site === undefined || (operation.kind === 'echo' && operation.path === undefined)) continue;
      else if (operation.kind === 'cd') folder = operation.path.replace(/^\/sys\/?/, '');
      else if (operation.kind === 'echo')
        await site.type(
          `printf %s '${operation.text}' > ${operation.path?.replace(/^\/sys\//, `${site.sys}/`)}`,
          folder,
        );
      else {
        const words = labWords(step);
        if (words === undefined) continue;
        await site.lab(...words);
        if (operation.kind === 'guest') {
          const [, action, name = ''] = words;
          if (action === 'detach') runsOn.add(name);
          else runsOn.delete(name);
        }
        if (operation.kind === 'reboot') site.put('proc/sys/kernel/random/boot_id', `boot-${line}\n`);
      }
      await site.fakeGuests(runsOn);
      const from = site.kept.drafts.length;
      const at = `line ${line}: ${source}`;
      expect(await site.differences(), at).toEqual([]);
      expect(
        site.kept.facts(from).filter(({ type }) => type === 'DriftDetected'),
        at,
      ).toEqual([]);
    }
    await site?.end();
  });
});
