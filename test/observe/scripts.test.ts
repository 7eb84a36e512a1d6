/** An observer that only sees files concludes the same host, after every step of every example. */
import { readdirSync, readFileSync } from 'node:fs';
import { ask, parseScript } from '@apledger/script';
import { describe, expect, it } from 'vitest';
import { inRepository } from '../cli/support.ts';
import { filesOf, Pair } from './simulated.ts';

const SCRIPTS = readdirSync(inRepository('examples'))
  .filter((name) => name.endsWith('.sh'))
  .map((name) => [name, readFileSync(inRepository(`examples/${name}`), 'utf8')] as const)
  .filter(([, text]) => !text.startsWith('#!'));

describe('an observer of', () => {
  it.each(SCRIPTS)('%s sees the same host after every step', (_, text) => {
    let pair = new Pair();
    let directory = '';
    for (const { operation, line, source } of parseScript(text)) {
      if (operation.kind === 'echo' && operation.path === undefined) continue;
      if (operation.kind === 'host') {
        if (operation.settings === undefined) continue;
        pair = new Pair();
        directory = '';
        pair.command({ type: 'RegisterHost', host: operation.name, ...operation.settings });
      } else {
        const asked = ask(pair.actual, directory, operation);
        if ('commands' in asked) for (const command of asked.commands) pair.command(command);
        else directory = asked.directory ?? directory;
      }
      pair.look();
      expect([...pair.differences(filesOf), ...pair.differences()], `line ${line}: ${source}`).toEqual([]);
      expect(
        pair.seen.filter(({ type }) => type === 'DriftDetected'),
        `line ${line}: ${source}`,
      ).toEqual([]);
    }
  });
});
