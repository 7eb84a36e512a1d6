/** Programs in the documents compile and run as they are written there. */
import { spawn } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apledger, inRepository } from '../cli/support.ts';
import { type HttpService, startService } from '../http/support.ts';
import { broker, commandsFor, openLog, program, startRelay, submit } from '../messages/support.ts';
import { codeBlocks } from '../support/documents.ts';
import { atEnd, scratch } from '../support/file.ts';

const documents = [
  ...readdirSync(inRepository('docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
  'packages/client/README.md',
  'packages/messages/README.md',
];
const programs = documents.flatMap((path) =>
  codeBlocks(inRepository(path), 'ts').map((text, index) => ({ path, index, text })),
);
const isOver = (text: string, what: string): boolean => text.includes(`'@apledger/${what}`);

/** Runs a program of a document, with the addresses of this test in place of the usual ones; gives the lines that it prints. */
function started(text: string, addresses: Readonly<Record<string, string>>): AsyncIterator<string> {
  let written = text;
  for (const [usual, own] of Object.entries(addresses)) written = written.replaceAll(usual, own);
  const file = join(inRepository('test'), `.example-${crypto.randomUUID()}.ts`);
  writeFileSync(file, written);
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  atEnd(async () => {
    child.kill('SIGKILL');
    rmSync(file, { force: true });
  });
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
}

it('there are some, and each is about the client or about messages', () => {
  expect(programs.length).toBeGreaterThanOrEqual(4);
  for (const { path, text } of programs)
    expect(isOver(text, 'client') || isOver(text, 'messages'), path).toBe(true);
});

describe('a program over HTTP', () => {
  let data: string;
  let service: HttpService;
  beforeAll(async () => {
    data = scratch();
    for (const name of ['01-three-guests', '07-custody'])
      await apledger('run', inRepository(`examples/${name}.sh`), '--data', data);
    service = await startService('--data', data);
  });
  afterAll(() => service?.process.signal('SIGKILL'));

  it.each(programs.filter(({ text }) => isOver(text, 'client')))(
    '$path, program $index',
    async ({ text }) => {
      const lines = started(text, { 'http://127.0.0.1:8642': service.server });
      expect((await lines.next()).value).toContain('zlp1');
      expect((await lines.next()).done).toBe(false);
    },
  );
});

describe.skipIf('missing' in program)('a program over NATS', () => {
  it.each(programs.filter(({ text }) => isOver(text, 'messages')))(
    '$path, program $index',
    async ({ text }) => {
      const [{ url }, log] = await Promise.all([broker(), openLog()]);
      const relaying = startRelay({ log, url });
      await submit(log, 'zlp1', commandsFor('zlp1'));
      await relaying.acknowledged(await log.lastPosition());
      // What came before the subscription is not waited for by a program that begins with what is new.
      const lines = started(text.replace("name: 'alerts'", "name: 'alerts', from: { position: 0 }"), {
        'nats://127.0.0.1:4222': url,
      });
      expect((await lines.next()).value).toMatch(/^zlp1 .*\[ '05\.0004'/);
    },
  );
});
