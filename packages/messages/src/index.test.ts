/** What messages are needs no connection: a browser can read and filter them. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** Every file that a module imports, directly or through others of this package, and the packages that it names. */
function importsOf(file: URL, seen: Set<string>, packages: Set<string>): void {
  if (seen.has(file.href)) return;
  seen.add(file.href);
  for (const [, to = ''] of readFileSync(file, 'utf8').matchAll(
    /^(?:import|export|\}) .*?from '([^']+)'/gm,
  )) {
    if (to.startsWith('.')) importsOf(new URL(to, file), seen, packages);
    else packages.add(to);
  }
}

it('the pure part imports no client of NATS, no log and nothing of Node', () => {
  const packages = new Set<string>();
  const files = new Set<string>();
  importsOf(new URL('./index.ts', import.meta.url), files, packages);
  expect([...packages].sort()).toEqual(['@apledger/ap', '@apledger/events', 'typebox']);
  expect(files.size).toBeGreaterThan(3);
});
