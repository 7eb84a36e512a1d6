/** examples/alert-unreset-queue.ts: the fold by itself, and the program beside a relay and a server. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command, Fact } from '@apledger/events';
import { describe, expect, it } from 'vitest';
import {
  type Alert,
  type Custody,
  follow,
  NOTHING_KNOWN,
  WATCHED,
} from '../../examples/alert-unreset-queue.ts';
import { Walk } from '../bench/walk.ts';
import { atEnd } from '../support/file.ts';
import { broker, commandsFor, mdevOf, openLog, program, startRelay, submit } from './support.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/alert-unreset-queue.ts');
const [first, second] = [mdevOf(1), mdevOf(2)];
const matrix = { adapters: [5], domains: [0x47], controlDomains: [] };
const started = (mdev: string, guest: string | null): Fact => ({
  type: 'GuestStarted',
  data: { mdev, guest, attached: true, effective: matrix },
});
const stopped = (mdev: string, guest: string | null): Fact => ({
  type: 'GuestStopped',
  data: { mdev, guest },
});
const wasReset = (responseCode = 0): Fact => ({
  type: 'QueueReset',
  data: { by: 'vfio_ap', queues: ['05.0047'], responseCode },
});
const unplugged = (mdev: string): Fact => ({
  type: 'GuestMatrixChanged',
  data: {
    mdev,
    adapters: [],
    domains: [],
    controlDomains: [],
    effective: { adapters: [], domains: [], controlDomains: [] },
  },
});

function alertsOf(facts: readonly Fact[], host = 'zlp1'): readonly Alert[] {
  let custody: Custody = NOTHING_KNOWN;
  return facts.flatMap((fact) => {
    if (!(WATCHED as readonly string[]).includes(fact.type)) return [];
    const { custody: after, alerts } = follow(custody, { ...fact, host } as Parameters<typeof follow>[1]);
    custody = after;
    return alerts;
  });
}

describe('the alert', () => {
  const passed = [{ host: 'zlp1', queue: '05.0047', from: 'web', to: 'db' }];

  it.each<[string, readonly Fact[], readonly Alert[]]>([
    ['no reset', [started(first, 'web'), stopped(first, 'web'), started(second, 'db')], passed],
    ['a reset', [started(first, 'web'), stopped(first, 'web'), wasReset(), started(second, 'db')], []],
    [
      'a failed reset',
      [started(first, 'web'), stopped(first, 'web'), wasReset(3), started(second, 'db')],
      passed,
    ],
    [
      'a reset too early',
      [started(first, 'web'), wasReset(), stopped(first, 'web'), started(second, 'db')],
      passed,
    ],
    ['a hot unplug only', [started(first, 'web'), unplugged(first), started(second, 'db')], passed],
    ['the same guest again', [started(first, 'web'), stopped(first, 'web'), started(second, 'web')], []],
    [
      'somebody who is no guest',
      [started(first, null), stopped(first, null), started(second, 'db')],
      [{ ...(passed[0] as Alert), from: `holder of mdev ${first}` }],
    ],
  ])('between two guests: %s', (_what, facts, expected) => {
    expect(alertsOf(facts)).toEqual(expected);
  });

  it.each(['6.12', '7.3'] as const)(
    'is never given while the driver of %s resets what it should',
    (driver) => {
      const walk = new Walk({ host: 'zlp1', driver, adapters: 4, domains: 4, mdevs: 6 }, 7);
      const facts = Array.from({ length: 3000 }, () => walk.step().decision.facts).flat();
      expect(alertsOf(facts)).toEqual([]);
      // The same without the resets: it is they that keep it silent.
      expect(alertsOf(facts.filter(({ type }) => type !== 'QueueReset')).length).toBeGreaterThan(20);
    },
  );
});

describe.skipIf('missing' in program)('the example', () => {
  it('prints an alert for a queue whose reset failed, and for no other', async () => {
    const [server, log] = await Promise.all([broker(), openLog()]);
    const relaying = startRelay({ log, url: server.url });
    await submit(log, 'zlp1', commandsFor('zlp1'));
    await relaying.acknowledged(await log.lastPosition());
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', EXAMPLE, server.url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    atEnd(async () => child.kill('SIGKILL'));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('watching');
    const passing: readonly Command[] = [
      { type: 'InjectResetFault', queue: '05.0047', responseCodes: [7, 7, 7, 7] },
      { type: 'StopGuest', mdev: second },
      { type: 'UnassignAdapter', mdev: second, text: '5' },
      { type: 'AssignAdapter', mdev: first, text: '5' },
      { type: 'StartGuest', mdev: first, guest: 'web.1' },
    ];
    await submit(log, 'zlp1', passing);
    expect((await lines.next()).value).toMatch(
      /^ALERT .* zlp1: 05\.0047 went from db to web\.1 without a reset$/,
    );
    child.kill('SIGTERM');
    expect((await lines.next()).done).toBe(true);
  });
});
