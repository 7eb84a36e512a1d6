/** What the thread answers is what the ledger answers, and its problems are the ledger's. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OperationName, Request } from '@apledger/api';
import { A, assignAdapter, assignDomain, create, register } from '@apledger/command-handler/testing';
import { type LogLedger, openLogLedger, reportPieces } from '@apledger/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LongQuestions } from './long-questions.ts';

const directory = mkdtempSync(join(tmpdir(), 'apledger-thread-'));
const reports: string[] = [];
const place = { data: directory };
const questions = new LongQuestions({ place, report: (line) => reports.push(line) });
let ledger: LogLedger;

beforeAll(async () => {
  ledger = await openLogLedger(place, { keepsViews: true });
  const commands = [register('h1'), create(A), assignAdapter(A, 5), assignDomain(A, 4)];
  for (const command of commands) await ledger.submit({ host: 'h1', actor: 'anna', command });
  await ledger.submit({ host: 'h1', actor: 'tom', command: { type: 'StartGuest', mdev: A, guest: 'web' } });
});

afterAll(async () => {
  await questions.close();
  await ledger.close();
  rmSync(directory, { recursive: true });
});

async function answer<Name extends OperationName>(name: Name, request: Request<Name>): Promise<unknown> {
  const { json } = await questions.answer(name, request, { maxReplyBytes: 1_000_000 });
  return JSON.parse(new TextDecoder().decode(json));
}

async function text(pieces: AsyncIterable<string | Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let all = '';
  for await (const piece of pieces) all += typeof piece === 'string' ? piece : decoder.decode(piece);
  return all;
}

describe('the thread for long questions', () => {
  it.each<readonly [OperationName, object]>([
    ['custody', { host: 'h1', apqn: '05.0004' }],
    ['guestHistory', { host: 'h1', guest: 'web' }],
    ['exposures', { host: 'h1' }],
    ['chain', { host: 'h1' }],
    ['events', { actor: 'tom', order: 'newest' }],
    ['whatIf', { host: 'h1', steps: ['guest stop web'] }],
    ['recompute', {}],
  ])('answers %s as the ledger does', async (name, request) => {
    // Where a page of facts ends, the index knows of no fact that is not wanted.
    const { after: _, ...here } = JSON.parse(JSON.stringify(await ledger.ask(name, request as never)));
    const { after: __, ...there } = Object(await answer(name, request as never));
    expect(there).toEqual(here);
  });

  it.each(['md', 'csv', 'json', 'html'] as const)(
    'writes a report as %s as the ledger does',
    async (format) => {
      expect(await text(questions.report({}, format))).toBe(await text(reportPieces(ledger, {}, format)));
    },
  );

  it('has the problems of the ledger', async () => {
    await expect(answer('custody', { host: 'h9', apqn: '05.0004' })).rejects.toMatchObject({
      name: 'Problem',
      status: 404,
      code: 'unknown-host',
    });
    await expect(text(questions.report({ guest: 'nobody' }, 'csv'))).rejects.toMatchObject({
      status: 404,
      code: 'unknown-guest',
    });
    await expect(
      questions.answer('custody', { host: 'h1', apqn: '05.0004' }, { maxReplyBytes: 100 }),
    ).rejects.toMatchObject({ status: 413, code: 'reply-too-large' });
  });

  it('takes 32 questions at once, and forgets a report that nobody reads on', async () => {
    const open = Array.from({ length: 32 }, () => questions.report({}, 'csv')[Symbol.asyncIterator]());
    for (const report of open) await report.next();
    await expect(answer('exposures', { host: 'h1' })).rejects.toMatchObject({
      status: 503,
      code: 'overloaded',
    });
    for (const report of open) await report.return?.(undefined);
    expect(await answer('exposures', { host: 'h1' })).toMatchObject({ exposures: [] });
  });

  it('begins anew after it has ended', async () => {
    await questions.close();
    expect(await answer('exposures', { host: 'h1' })).toMatchObject({ exposures: [] });
    expect(reports).toEqual([]);
  });
});
