/** Work on the whole log that takes longer than anybody waits for an answer. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Problem } from '@apledger/api';
import { openMemoryLog } from '@apledger/event-log';
import { expect, it, onTestFinished } from 'vitest';
import { LogLedger } from '../log-ledger.ts';
import { ServiceLedger } from '../service-ledger.ts';
import { alone } from './alone.ts';

const [OURS, THEIRS] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];

/** The code of the problem, or what was answered. */
const told = (answer: Promise<unknown>): Promise<unknown> =>
  answer.catch((error: unknown) => (error instanceof Problem ? error.code : error));

it('is asked for until it is done, and begun once', async () => {
  const ledger = new LogLedger({ log: openMemoryLog() });
  onTestFinished(() => ledger.close());
  const work = Promise.withResolvers<string>();
  let begun = 0;
  const ask = (id?: string): Promise<unknown> =>
    told(
      alone(
        ledger,
        'rebuild',
        id,
        () => {
          begun += 1;
          ledger.show('position 5 of 9');
          return work.promise;
        },
        1,
      ),
    );
  expect([await ask(OURS), await ask(OURS), await ask(THEIRS), await ask()]).toEqual([
    'not-done',
    'not-done',
    'overloaded',
    'overloaded',
  ]);
  await expect(alone(ledger, 'rebuild', OURS, () => work.promise, 1)).rejects.toThrow('(position 5 of 9)');
  work.resolve('the result');
  await work.promise;
  // The one who asked for it gets it, also when it was done meanwhile; others begin anew.
  expect([await ask(OURS), begun]).toEqual(['the result', 1]);
  expect([await ask(THEIRS), begun]).toEqual(['the result', 2]);
  expect([await ask(), begun]).toEqual(['the result', 3]);
});

it('is waited for by the command line, which shows how far it is', async () => {
  const asked: string[] = [];
  const fake = createServer((request, reply) => {
    let body = '';
    request.on('data', (data) => {
      body += data;
    });
    request.on('end', () => {
      asked.push(`${request.url} ${body}`);
      const isDone = asked.length === 3;
      reply.writeHead(isDone ? 200 : 504, {
        'content-type': isDone ? 'application/json' : 'application/problem+json',
      });
      const problem = {
        code: 'not-done',
        status: 504,
        title: 'It is under way',
        detail: `asked ${asked.length} times`,
      };
      reply.end(JSON.stringify(isDone ? { position: 9, hosts: 1, milliseconds: 5, kept: true } : problem));
    });
  });
  await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void fake.close());
  const { port } = fake.address() as AddressInfo;
  const shown: string[] = [];
  const ledger = new ServiceLedger(`http://127.0.0.1:${port}`, {
    onProgress: (text) => void shown.push(text),
  });
  expect(await ledger.ask('rebuild', {})).toMatchObject({ position: 9 });
  expect(shown).toEqual(['asked 1 times', 'asked 2 times']);
  // The same run each time.
  expect([asked.length, new Set(asked).size]).toEqual([3, 1]);
  expect(asked[0]).toMatch(/^\/api\/v1\/rebuild \{"run":"[0-9a-f-]{36}"\}$/);
});
