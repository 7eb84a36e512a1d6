/**
 * The program of the writer: one request on standard input, one answer on standard output. A socket unit with Accept=yes starts it with
 * the connection as both.
 *
 *     node main.ts [--sysfs DIR] [--run DIR]
 */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import type { WriteAnswer } from './protocol.ts';
import { writeOnce } from './write-once.ts';

const { values } = parseArgs({
  options: {
    sysfs: { type: 'string', default: '/sys' },
    run: { type: 'string', default: '/run' },
    'write-once': { type: 'string' },
  },
});
const path = values['write-once'];
const answer = path === undefined ? await serve() : writeOnce(path, readFileSync(0, 'utf8'));
process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(0));

async function serve(): Promise<WriteAnswer> {
  // Not loaded by the child that writes: it has ten seconds, and a busy host takes some of them to start it.
  const { serveWrite } = await import('./serve.ts');
  const self = [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
  return serveWrite(await text(process.stdin), { sysfs: values.sysfs, run: values.run, self });
}
