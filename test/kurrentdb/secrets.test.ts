/** Passwords: whatever goes wrong with a log, nobody is told what its connection string holds. */

import { inspect } from 'node:util';
import { openLog } from '@apledger/event-log';
import { describe, expect, test, vi } from 'vitest';
import { openFast } from './support.ts';

/** Everything by which an error could tell. */
function told(error: unknown): string {
  const own = error instanceof Error ? [error.message, error.stack ?? ''] : [];
  return [...own, String(error), inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error)].join(
    '\n',
  );
}

const SECRET = /Se[\s\S]*?cret/;

describe('a password', () => {
  test('is in no error of a server that cannot be reached, nor on the console', async () => {
    const printed = ['log', 'warn', 'error', 'info', 'debug'] as const;
    const spies = printed.map((name) => vi.spyOn(console, name).mockImplementation(() => {}));
    try {
      for (const end of [
        '@127.0.0.1:1?tls=false',
        '@127.0.0.1:1?tlsVerifyCert=false&unknownOption=x',
        '@[::1]:1',
      ]) {
        const error: unknown = await openFast({
          connectionString: `kurrentdb://admin:S%65cret%2F${end}`,
          patienceMs: 50,
        }).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ name: 'LogError' });
        expect(told(error)).not.toMatch(/S%65cret|Secret/);
      }
      for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  });

  test('is in no error about a log of an unknown kind', async () => {
    for (const url of [
      'mysql://u:Se/cret@host/db',
      'kurentdb://u:Secret@host',
      'postgres://u:Se@cret@h?x=Secret',
    ]) {
      const error: unknown = await openLog(url).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TypeError);
      expect(told(error)).not.toMatch(SECRET);
    }
  });
});
