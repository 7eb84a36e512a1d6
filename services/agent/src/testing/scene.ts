/** What agents see in tests: mdevs that come. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command, CommandOf, Fact } from '@apledger/events';
import { type DraftCommit, type Known, NOBODY } from '@apledger/observe';
import { onTestFinished } from 'vitest';
import { Spool } from '../spool/spool.ts';

export const HOST = 'zlp1';
export const AT = '2026-03-01T09:00:00.000Z';

/** A new directory of the running test. */
export function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'apledger-agent-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
export const created = (n: number): Fact => ({ type: 'MdevCreated', data: { mdev: uuid(n) } });
export const create = (n: number): CommandOf<'CreateMdev'> => ({ type: 'CreateMdev', text: uuid(n) });

export const registration = (): CommandOf<'RegisterHost'> =>
  ({
    type: 'RegisterHost',
    host: HOST,
    driver: '6.12',
    hardware: {
      qci: true,
      apxa: true,
      maxAdapter: 255,
      maxDomain: 255,
      adapters: [5, 6],
      domains: [4],
      controlDomains: [],
      cards: [],
    },
    boot: { apmask: null, aqmask: null },
  }) satisfies Command;

export const draft = (facts: readonly Fact[], at = AT): DraftCommit => ({
  notBefore: at,
  notAfter: at,
  occurredAt: at,
  settled: true,
  wasAway: false,
  boot: 'b1',
  ...NOBODY,
  facts,
});

export const record = (spool: Spool, facts: readonly Fact[], at = AT): Promise<void> =>
  spool.record([draft(facts, at)], { ...(spool.known as Known), seenAt: at, boot: 'b1' });

/** A spool of the running test. */
export async function spoolIn(at: string): Promise<{ readonly spool: Spool; readonly reports: string[] }> {
  const reports: string[] = [];
  const spool = await Spool.open({ directory: at, host: HOST, report: (line) => reports.push(line) });
  onTestFinished(() => spool.close());
  return { spool, reports };
}
