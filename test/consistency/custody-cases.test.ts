/** Custody of single queues through the histories that auditors ask about, each told step by step. */

import type { Custody } from '@apledger/api';
import { CommandHandler } from '@apledger/command-handler';
import { openMemoryLog } from '@apledger/event-log';
import type { Command, Generation } from '@apledger/events';
import { openCustody } from '@apledger/projections';
import { describe, expect, it } from 'vitest';

const A = 'aaaaaaaa-0000-4000-8000-000000000001';
const B = 'bbbbbbbb-0000-4000-8000-000000000002';

type MdevWrite = Extract<Command, { mdev: string; text: string }>['type'];
const write = (type: MdevWrite, mdev: string, ...ids: number[]): Command[] =>
  ids.map((id) => ({ type, mdev, text: String(id) }));
const start = (mdev: string, guest: string | null): Command => ({ type: 'StartGuest', mdev, guest });
const stop = (mdev: string): Command => ({ type: 'StopGuest', mdev });
const apmask = (text: string): Command => ({ type: 'WriteMask', mask: 'apmask', text });
const unbind = (text: string, driver: 'vfio_ap' | 'cex4queue' = 'vfio_ap'): Command => ({
  type: 'UnbindQueue',
  driver,
  text,
});
const fault = (queue: string, ...responseCodes: number[]): Command => ({
  type: 'InjectResetFault',
  queue,
  responseCodes,
});
const hardware = (adapters: number[], domains = [4, 5]): Command[] => [
  { type: 'ChangeHardware', adapters, domains },
  { type: 'ScanBus' },
];

/** Adapters 5 and 6, domains 4 and 5, all for guests; mdev A has adapter 5, B none, both domain 4. */
async function host(driver: Generation, registration: Partial<{ apxa: boolean }> = {}) {
  let time = Date.parse('2026-11-17T09:00:00Z');
  const log = openMemoryLog();
  const handler = new CommandHandler(log, { now: () => new Date(time) });
  const queries = openCustody({ log });
  const play = async (...commands: readonly Command[]) => {
    for (const command of commands) {
      time += 60_000;
      const { refusal } = await handler.submit({ host: 'h', actor: 'root', command });
      if (refusal !== undefined) throw new Error(`${command.type}: ${refusal.explanation}`);
    }
  };
  const machine = { qci: true, apxa: true, maxAdapter: 255, maxDomain: 255, cards: [], ...registration };
  await play(
    {
      type: 'RegisterHost',
      host: 'h',
      driver,
      hardware: { ...machine, adapters: [5, 6], domains: [4, 5], controlDomains: [4, 5] },
      boot: { apmask: null, aqmask: null },
    },
    apmask('-5,-6'),
    { type: 'CreateMdev', text: A },
    { type: 'CreateMdev', text: B },
    ...write('AssignAdapter', A, 5),
    ...write('AssignDomain', A, 4),
    ...write('AssignDomain', B, 4),
  );
  const spans = async (queue = '05.0004') => ((await queries.custody('h', queue))?.intervals ?? []).map(told);
  const exposures = async () => ((await queries.exposures('h'))?.exposures ?? []).map(({ kind }) => kind);
  return { play, spans, exposures, queries, log };
}

/** `web from GuestStarted, reset`: who, from which fact, and whether it was reset before. */
function told({ holder, sharedWith, from, resetBefore }: Custody): string {
  const who = [holder, ...sharedWith].map((one) => (one.kind === 'guest' ? one.guest : one.kind)).join(' + ');
  const reset = resetBefore === null ? '' : resetBefore ? ', reset' : ', NOT reset';
  return `${who} from ${from?.type ?? 'the beginning'}${reset}`;
}

const BOOT = ['nobody from the beginning', 'host from QueueBound', 'nobody from QueueUnbound, reset'];
const MAINLINE = ['6.12', '7.3'] as const;

describe.each(MAINLINE)('on %s', (driver) => {
  it('a queue goes from guest to guest, reset by the unassignment', async () => {
    const { play, spans, exposures } = await host(driver);
    await play(
      start(A, 'web'),
      start(B, 'db'),
      ...write('UnassignAdapter', A, 5),
      ...write('AssignAdapter', B, 5),
    );
    expect(await spans()).toEqual([
      ...BOOT,
      'web from GuestStarted, reset',
      'nobody from GuestMatrixChanged, reset',
      'db from GuestMatrixChanged, reset',
    ]);
    expect(await exposures()).toEqual([]);
  });

  it('a reset that fails is none, and keeps the adapter out until a good one', async () => {
    const { play, spans, exposures } = await host(driver);
    await play(start(A, 'web'), fault('05.0004', 1), ...write('UnassignAdapter', A, 5));
    expect((await spans()).at(-1)).toBe('nobody from GuestMatrixChanged, NOT reset');
    // The host takes it: the bus resets it once more, and this time it succeeds.
    await play(apmask('+5'));
    expect((await spans()).slice(-2)).toEqual([
      'nobody from GuestMatrixChanged, reset',
      'host from QueueBound, reset',
    ]);
    expect(await exposures()).toEqual([]);
  });

  it('the host takes a queue back that no reset has reached', async () => {
    const { play, spans, exposures } = await host(driver);
    // One answer for the unassignment, two for the host: vfio_ap lets go, then the bus.
    await play(start(A, 'web'), fault('05.0004', 1, 1, 1), ...write('UnassignAdapter', A, 5), apmask('+5'));
    expect((await spans()).slice(-2)).toEqual([
      'nobody from GuestMatrixChanged, NOT reset',
      'host from QueueBound, NOT reset',
    ]);
    expect(await exposures()).toEqual(['unreset-handover']);
  });

  it('a stopped guest leaves its queues reset, and in its mdev', async () => {
    const { play, spans, exposures, queries } = await host(driver);
    await play(start(A, 'web'), stop(A));
    expect((await spans()).at(-1)).toBe('nobody from GuestStopped, reset');
    expect((await queries.exposures('h'))?.exposures).toMatchObject([
      {
        kind: 'stopped-guest-keeps-queues',
        mdev: A,
        guest: 'web',
        queues: ['05.0004'],
        since: { type: 'GuestStopped' },
      },
    ]);
    await play(start(A, 'web'));
    expect(await exposures()).toEqual([]);
    await play(stop(A), { type: 'RemoveMdev', mdev: A, text: '1' });
    expect(await exposures()).toEqual([]);
  });

  it('a hot unplug takes all queues of the adapter at once', async () => {
    const { play, spans } = await host(driver);
    await play(...write('AssignDomain', A, 5), start(A, 'web'), unbind('05.0005'));
    expect((await spans()).at(-1)).toBe('nobody from GuestMatrixChanged, reset');
    expect((await spans('05.0005')).at(-1)).toBe('nobody from GuestMatrixChanged, reset');
  });

  it('a card that goes could not be reset, and is as it was when it comes back', async () => {
    const { play, spans } = await host(driver);
    await play(start(A, 'web'), ...hardware([6]));
    expect((await spans()).at(-1)).toBe('nobody from GuestMatrixChanged, NOT reset');
    await play(...hardware([5, 6]));
    expect((await spans()).at(-1)).toBe('web from GuestMatrixChanged, NOT reset');
  });

  it('deconfigured and check-stopped adapters stay where they are, and no reset reaches them', async () => {
    const { play, spans, exposures } = await host(driver);
    await play(start(A, 'web'), { type: 'ConfigureCard', adapter: 5, text: '0' }, { type: 'ScanBus' });
    expect((await spans()).at(-1)).toBe('web from GuestStarted, reset');
    await play(
      { type: 'ConfigureCard', adapter: 5, text: '1' },
      { type: 'SetCheckStop', adapter: 5, checkStopped: true },
    );
    expect((await spans()).at(-1)).toBe('web from GuestStarted, reset');
    await play(...write('UnassignAdapter', A, 5), ...write('AssignAdapter', B, 5), start(B, 'db'));
    expect((await spans()).at(-1)).toBe('db from GuestStarted, NOT reset');
    expect(await exposures()).toEqual(['unreset-handover']);
  });

  it('a guest may migrate without adapters only; what its mdev keeps is told', async () => {
    const { play, spans, exposures } = await host(driver);
    await play(start(A, 'web'), unbind('05.0004'), { type: 'MigrateGuest', mdev: A });
    expect((await spans()).slice(-2)).toEqual([
      'web from GuestStarted, reset',
      'nobody from GuestMatrixChanged, reset',
    ]);
    expect(await exposures()).toEqual(['stopped-guest-keeps-queues']);
  });

  it('what was reset or zeroized while the host went on using it does not count for the next', async () => {
    const wipes: Command[] = [
      { type: 'ResetQueue', queue: '06.0004', text: '1' },
      { type: 'ZeroizeQueues', queues: ['06.0004'], by: 'TKE' },
    ];
    for (const wipe of wipes) {
      const { play, spans, queries } = await host(driver);
      await play(apmask('+6'), wipe, fault('06.0004', 1), apmask('-6'));
      expect((await spans('06.0004')).at(-1)).toBe('nobody from QueueUnbound, NOT reset');
      // The bus resets what it takes from zcrypt just before the fact that says so.
      await play(apmask('+6'), wipe, apmask('-6'));
      const last = (await queries.custody('h', '06.0004'))?.intervals.at(-1);
      expect([last?.resetBefore, last?.reset?.commandId]).toEqual([true, last?.from?.commandId]);
    }
  });

  it('a reset that a guest asks for while it runs does not count for the next', async () => {
    const { play, spans, exposures } = await host(driver);
    await play(start(A, 'web'), { type: 'ResetGuestDevice', mdev: A }, fault('05.0004', 1));
    await play(...write('UnassignAdapter', A, 5), ...write('AssignAdapter', B, 5));
    // The bad answer keeps the adapter out of db.
    expect((await spans()).at(-1)).toBe('nobody from GuestMatrixChanged, NOT reset');
    expect(await exposures()).toEqual([]);
  });

  it('the same guest gets its queue back: told, but no exposure', async () => {
    const { play, spans, exposures } = await host(driver);
    await play(start(A, 'web'), ...hardware([6]), ...hardware([5, 6]));
    expect((await spans()).at(-1)).toBe('web from GuestMatrixChanged, NOT reset');
    expect(await exposures()).toEqual([]);
  });

  it('control domains of two running guests are told until one of them stops', async () => {
    const { play, queries, exposures } = await host(driver);
    await play(...write('AssignControlDomain', A, 4, 5), ...write('AssignControlDomain', B, 5));
    await play(start(A, 'web'), start(B, 'db'));
    expect((await queries.exposures('h'))?.exposures).toMatchObject([
      {
        kind: 'shared-control-domain',
        domain: 5,
        guests: [
          { guest: 'web', mdev: A },
          { guest: 'db', mdev: B },
        ],
        since: { type: 'GuestStarted' },
      },
    ]);
    await play(stop(B));
    expect(await exposures()).toEqual([]);
  });
});

it('on 7.3 a blocked removal takes the queues at once, on 6.12 when the guest closes; both reset them then', async () => {
  const remove: Command = { type: 'RemoveMdev', mdev: A, text: '1' };
  const new_ = await host('7.3');
  await new_.play(start(A, 'web'), remove);
  expect((await new_.spans()).at(-1)).toBe('nobody from MdevRemovalBlocked, NOT reset');
  await new_.play(stop(A));
  expect((await new_.spans()).at(-1)).toBe('nobody from MdevRemovalBlocked, reset');
  const old = await host('6.12');
  await old.play(start(A, 'web'), remove);
  expect((await old.spans()).at(-1)).toBe('web from GuestStarted, reset');
  await old.play(stop(A));
  expect((await old.spans()).at(-1)).toBe('nobody from GuestStopped, reset');
});

describe('on 2019-v2', () => {
  it('an unassignment resets nothing: the next guest meets what the first left', async () => {
    const { play, spans, queries } = await host('2019-v2');
    await play(start(A, 'web'), ...write('UnassignAdapter', A, 5), ...write('AssignAdapter', B, 5));
    await play(start(B, 'db'));
    expect((await spans()).slice(-3)).toEqual([
      'web from GuestMatrixChanged, reset',
      'nobody from GuestMatrixChanged, NOT reset',
      'db from GuestMatrixChanged, NOT reset',
    ]);
    expect((await queries.exposures('h'))?.exposures).toMatchObject([
      {
        kind: 'unreset-handover',
        host: 'h',
        apqn: '05.0004',
        from: { kind: 'guest', guest: 'web', mdev: A },
        to: { kind: 'guest', guest: 'db', mdev: B },
        at: { type: 'GuestMatrixChanged', actor: 'root' },
      },
    ]);
  });

  it('a guest that starts can get a queue that the host drives: both are told', async () => {
    const { play, queries, spans } = await host('2019-v2');
    // 05.0005 goes to the host; 05.0004 and 06.0005 let adapter 5 and domain 5 into the guest (driver-rules 8).
    await play(...write('AssignAdapter', A, 6), ...write('AssignDomain', A, 5));
    await play({ type: 'WriteMask', mask: 'aqmask', text: '-4' }, apmask('+5'));
    expect((await spans('05.0005')).at(-1)).toBe('host from QueueBound, reset');
    await play(start(A, 'web'));
    expect((await spans('05.0005')).at(-1)).toBe('web + host from GuestMatrixChanged, NOT reset');
    expect((await queries.exposures('h'))?.exposures).toMatchObject([
      { kind: 'shared-queue', apqn: '05.0005', holders: [{ guest: 'web' }, { kind: 'host' }], until: null },
    ]);
    await play(stop(A));
    expect((await spans('05.0005')).at(-1)).toBe('host from GuestStopped, NOT reset');
    expect((await queries.exposures('h'))?.exposures).toMatchObject([
      { kind: 'shared-queue', until: { type: 'GuestStopped' } },
      { kind: 'unreset-handover', apqn: '05.0005', from: { guest: 'web' }, to: { kind: 'host' } },
      { kind: 'stopped-guest-keeps-queues' },
    ]);
  });

  it('something without a guest has an mdev open and can use nothing', async () => {
    const { play, spans } = await host('2019-v2');
    await play(start(A, null));
    expect(await spans()).toEqual(BOOT);
  });
});

describe('times', () => {
  it('before the host, in the middle of a commit and in the future', async () => {
    const { play, queries, log } = await host('7.3');
    await play(start(A, 'web'));
    const at = async (to: { position: number } | { time: string }) => {
      const report = await queries.custody('h', '05.0004', { to });
      return [report?.position, report?.intervals.map(told).at(-1), report?.intervals.at(-1)?.until];
    };
    await expect(at({ time: '2020-01-01T00:00:00Z' })).rejects.toThrow(/not known/);
    const end = await log.lastPosition();
    expect(await at({ time: '2999-01-01T00:00:00Z' })).toEqual([end, 'web from GuestStarted, reset', null]);
    // Position 2 is in the middle of the registration, whose commit has more.
    expect(await at({ position: 2 })).toMatchObject([expect.any(Number), 'host from QueueBound', null]);
    expect((await at({ position: 2 }))[0]).toBeGreaterThan(2);
    const later = await queries.custody('h', '05.0004', { from: { position: end } });
    expect(later?.intervals.map(told)).toEqual(['web from GuestStarted, reset']);
  });

  it('a host of 256 adapters and 256 domains', async () => {
    const ids = Array.from({ length: 256 }, (_, id) => id);
    const log = openMemoryLog();
    const handler = new CommandHandler(log);
    const play = async (...commands: Command[]) => {
      for (const command of commands) await handler.submit({ host: 'h', actor: 'root', command });
    };
    const all = `0x${'f'.repeat(64)}`;
    const machine = { qci: true, apxa: true, maxAdapter: 255, maxDomain: 255, cards: [] };
    await play(
      {
        type: 'RegisterHost',
        host: 'h',
        driver: '7.3',
        hardware: { ...machine, adapters: ids, domains: ids, controlDomains: ids },
        boot: { apmask: '0x0', aqmask: '0x0' },
      },
      { type: 'CreateMdev', text: A },
      { type: 'ConfigureMdev', mdev: A, text: `${all},${all},${all}` },
      start(A, 'web'),
      stop(A),
    );
    const queries = openCustody({ log });
    const intervals = (await queries.custody('h', 'ff.00ff'))?.intervals.map(told);
    expect(intervals).toEqual([
      'nobody from the beginning',
      'web from GuestStarted',
      'nobody from GuestStopped, reset',
    ]);
    const audit = await queries.audit({ host: 'h', guest: null, from: null, to: null });
    expect(audit?.hosts[0]?.custody.map((group) => [told(group), group.queues.length])).toEqual(
      intervals?.map((text) => [text, 65536]),
    );
    const [kept] = (await queries.exposures('h'))?.exposures ?? [];
    expect(kept).toMatchObject({ kind: 'stopped-guest-keeps-queues', guest: 'web' });
  });
});
