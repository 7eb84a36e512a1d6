/** Procedures: what they do, whom they wait for, and what they refuse. */
import { formatApqn, maskOf } from '@apledger/ap';
import { type Command, GENERATION_NAMES, type Generation, type Procedure } from '@apledger/events';
import type { HostState } from '@apledger/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandsOf } from './document.ts';
import { planProcedure } from './planned.ts';
import { Rehearsal } from './rehearsal.ts';
import { carryOut, hostWith, layout, MDEVS, usableQueues } from './test-support.ts';
import { rehearseUpgrade } from './upgrade.ts';
import { isOver, waitsOn } from './waits.ts';

const NUM_RUNS = process.env.APLEDGER_LONG === '1' ? 1000 : 40;

const [WEB = '', DB = ''] = MDEVS;

/** Guest web has 01.0002, guest db 03.0004; the host keeps adapter 0. */
function host(driver: Generation): HostState {
  const state = hostWith(driver, {
    host: { adapters: [0x80000000], domains: [0xffffffff] } as never,
    mdevs: [],
  });
  const commands: readonly Command[] = [WEB, DB].flatMap((mdev, index): Command[] => [
    { type: 'CreateMdev', text: mdev },
    { type: 'AssignAdapter', mdev, text: `${1 + 2 * index}` },
    { type: 'AssignDomain', mdev, text: `${2 + 2 * index}` },
    { type: 'StartGuest', mdev, guest: ['web', 'db'][index] ?? '' },
  ]);
  for (const command of commands) expect(carryOut(state, command)).toBeUndefined();
  return state;
}

const planned = (state: HostState, procedure: Procedure) => planProcedure(state, procedure);
/** Of a plan that can be carried out. */
const kinds = ({ steps, problems }: ReturnType<typeof planned>) => {
  expect(problems).toEqual([]);
  return steps.map(({ command, wait }) => command?.type ?? wait?.for);
};

describe('draining a card', () => {
  const drain = { procedure: 'drain', adapter: 1 } as const;

  it('takes it from running guests where that can be done, and waits for resets', () => {
    expect(kinds(planned(host('6.12'), { ...drain, end: 'off' }))).toEqual([
      'UnassignAdapter',
      'queues-reset',
      'ConfigureCard',
    ]);
    expect(planned(host('6.12'), drain).lost).toEqual([{ guest: 'web', mdev: WEB, queues: ['01.0002'] }]);
  });

  it('waits until a guest has stopped where no mdev in use can change, or stops it', () => {
    expect(kinds(planned(host('5.10'), drain))).toEqual(['guest-stopped', 'UnassignAdapter', 'queues-reset']);
    expect(kinds(planned(host('5.10'), { ...drain, stopsGuests: true }))[0]).toBe('StopGuest');
  });

  it('gives it to the host when that is asked for', () => {
    const { hostQueues, problems } = planned(host('6.12'), { ...drain, end: 'host' });
    expect(problems).toEqual([]);
    expect(hostQueues.gained).toContain('01.0002');
  });

  it('of a card that is not there says so', () => {
    expect(planned(host('6.12'), { procedure: 'drain', adapter: 99 }).problems[0]?.problem).toBe(
      'Host lpar1 has no card 63.',
    );
  });
});

const guest = fc.constantFrom('g1', 'g2', 'g3', 'g4');
const stopsGuests = fc.boolean();
const anyProcedure: fc.Arbitrary<Procedure> = fc.oneof(
  fc.record({
    procedure: fc.constant('drain'),
    adapter: fc.nat(7),
    end: fc.constantFrom('assigned-to-nobody', 'host', 'off'),
    stopsGuests,
  }),
  fc.record({ procedure: fc.constant('retire-guest'), guest, stopsGuests }),
);

describe.each(GENERATION_NAMES)('on %s', (driver) => {
  /** By a plan that can be carried out; undefined where there is none. */
  function carriedOut(state: HostState, procedure: Procedure): Rehearsal | undefined {
    const { plan } = planned(state, procedure);
    if (plan === null) return undefined;
    const rehearsal = new Rehearsal(state, () => ({ adapters: maskOf([]), domains: maskOf([]) }));
    for (const command of commandsOf(state, plan.steps)) rehearsal.run(command);
    expect(rehearsal.denied).toBeUndefined();
    return rehearsal;
  }
  const isReset = (rehearsal: Rehearsal | undefined): void => {
    expect(rehearsal?.unresetFor(() => true).map(formatApqn) ?? []).toEqual([]);
    expect(rehearsal?.handovers ?? []).toEqual([]);
  };

  it('a procedure leaves no queue without a reset that it took from a guest', () => {
    fc.assert(
      fc.property(layout, anyProcedure, (now, procedure) => {
        isReset(carriedOut(hostWith(driver, now), procedure));
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it('nor does a queue that is moved come to its next guest without one', () => {
    fc.assert(
      fc.property(layout, guest, guest, fc.nat(), (now, from, to, nth) => {
        const state = hostWith(driver, now);
        const queues = usableQueues(state, MDEVS[Number(from[1]) - 1] ?? '');
        const queue = queues[nth % queues.length];
        if (queue === undefined || from === to) return;
        isReset(carriedOut(state, { procedure: 'move-queue', queue, from, to }));
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

describe.each(GENERATION_NAMES)('a procedure on %s', (driver) => {
  const isHotPlugging = driver !== '5.10';
  const cases: readonly Procedure[] = [
    { procedure: 'drain', adapter: 1 },
    { procedure: 'drain', adapter: 1, end: 'host' },
    { procedure: 'drain', adapter: 1, end: 'off', stopsGuests: true },
    { procedure: 'retire-guest', guest: 'web' },
    { procedure: 'retire-guest', guest: 'web', stopsGuests: true },
    {
      ...{ procedure: 'restore-migration', guest: 'new', mdev: MDEVS[2] ?? '' },
      matrix: { adapters: [5], domains: [2], controlDomains: [] },
    },
    ...(isHotPlugging
      ? ([
          { procedure: 'move-queue', queue: '01.0002', from: 'web', to: 'db' },
          { procedure: 'prepare-migration', guest: 'web' },
        ] as const)
      : []),
  ];

  it.each(cases)('can be planned: %j', (procedure) => {
    const made = planned(host(driver), procedure);
    expect(made.problems).toEqual([]);
    expect(made.plan?.steps.length).toBeGreaterThan(0);
  });
});

describe('a wait', () => {
  it('says who has the queue, and what a reset answered', () => {
    const state = host('6.12');
    const wait = { for: 'queues-reset', queues: ['01.0002', '03.0004'] } as const;
    expect(waitsOn(state, { ...wait, queues: [...wait.queues] })).toEqual([
      '01.0002: guest web',
      '03.0004: guest db',
    ]);
    const responseCodes = Array.from({ length: 64 }, () => 3);
    expect(carryOut(state, { type: 'InjectResetFault', queue: '01.0002', responseCodes })).toBeUndefined();
    expect(carryOut(state, { type: 'StopGuest', mdev: WEB })).toBeUndefined();
    expect(waitsOn(state, { for: 'queues-reset', queues: ['01.0002'] })).toEqual([
      '01.0002: reset answered 03',
    ]);
    expect(isOver(state, { for: 'queues-free', queues: ['01.0002'] })).toBe(true);
  });
});

describe('the other procedures', () => {
  it('move a queue with a reset in between', () => {
    const made = planned(host('6.12'), { procedure: 'move-queue', queue: '01.0002', from: 'web', to: 'db' });
    expect(kinds(made)).toEqual(['UnassignAdapter', 'queues-reset', 'AssignDomain', 'AssignAdapter']);
    expect(made.gained.flatMap(({ queues }) => queues)).toContain('01.0002');
  });

  it('write the reset that a driver leaves out', () => {
    const move = { procedure: 'move-queue', queue: '01.0002', from: 'web', to: 'db' } as const;
    expect(kinds(planned(host('2019-v2'), move))).toEqual([
      'UnassignAdapter',
      'ResetQueue',
      'queues-reset',
      'AssignDomain',
      'AssignAdapter',
    ]);
    const drain = { procedure: 'drain', adapter: 1, end: 'off' } as const;
    expect(kinds(planned(host('2019-v2'), drain))).toEqual([
      'UnassignAdapter',
      'ResetQueue',
      'queues-reset',
      'ConfigureCard',
    ]);
  });

  it('refuse to move a queue that is no row and no column of its matrix', () => {
    const state = host('6.12');
    for (const command of [
      { type: 'AssignAdapter', mdev: WEB, text: '5' },
      { type: 'AssignDomain', mdev: WEB, text: '6' },
    ] as const)
      expect(carryOut(state, command)).toBeUndefined();
    const made = planned(state, { procedure: 'move-queue', queue: '01.0002', from: 'web', to: 'db' });
    expect(made.problems[0]?.problem).toContain('cannot lose this one alone');
    expect(made.plan).toBeNull();
  });

  it('prepare a migration, and restore what the guest had on the other host', () => {
    const away = planned(host('6.12'), { procedure: 'prepare-migration', guest: 'web' });
    expect(kinds(away)).toEqual(['UnassignAdapter', 'queues-reset', 'guest-migrated']);
    const there = hostWith('6.12', {
      host: { adapters: [0x80000000], domains: [0xffffffff] } as never,
      mdevs: [],
    });
    const here = planned(there, {
      procedure: 'restore-migration',
      guest: 'web',
      mdev: WEB,
      matrix: { adapters: [1], domains: [2], controlDomains: [] },
    });
    expect(kinds(here)).toEqual(['CreateMdev', 'StartGuest', 'ConfigureMdev']);
    expect(here.gained).toEqual([{ guest: 'web', mdev: WEB, queues: ['01.0002'] }]);
    expect(
      planned(host('5.10'), { procedure: 'prepare-migration', guest: 'web' }).problems[0]?.problem,
    ).toContain('cannot take adapters from a running guest');
  });

  it('show a way back that does not start a guest that others stop or move away', () => {
    const back = ({ back }: ReturnType<typeof planned>) => back.map(({ command }) => command?.type);
    expect(back(planned(host('6.1'), { procedure: 'prepare-migration', guest: 'web' }))).toEqual([
      'AssignAdapter',
    ]);
    const retire = { procedure: 'retire-guest', guest: 'web' } as const;
    const again = ['CreateMdev', 'AssignAdapter', 'AssignDomain'];
    expect(back(planned(host('6.1'), retire))).toEqual(again);
    expect(back(planned(host('6.1'), { ...retire, stopsGuests: true }))).toEqual([...again, 'StartGuest']);
  });

  it('retire a guest', () => {
    expect(kinds(planned(host('6.12'), { procedure: 'retire-guest', guest: 'web' }))).toEqual([
      'guest-stopped',
      'queues-reset',
      'RemoveMdev',
    ]);
    expect(planned(host('6.12'), { procedure: 'retire-guest', guest: 'nobody' }).problems[0]?.help).toBe(
      'Running are web, db.',
    );
  });
});

describe('an upgrade', () => {
  it('to the same generation changes nothing', () => {
    const { refused, guests, mdevs, hostQueues } = rehearseUpgrade(host('6.12'), '6.12');
    expect({ refused, guests, mdevs }).toEqual({ refused: [], guests: [], mdevs: [] });
    expect(hostQueues).toEqual({ lost: [], gained: [] });
  });

  it('says what the other one refuses, with the reason', () => {
    const state = host('6.12');
    // There is no such adapter yet: 6.12 lets it be assigned all the same, and 5.10 does not.
    expect(carryOut(state, { type: 'AssignAdapter', mdev: WEB, text: '9' })).toBeUndefined();
    const { refused, mdevs } = rehearseUpgrade(state, '5.10');
    expect(refused).toMatchObject([
      { step: expect.stringMatching(/^echo 9 > .*assign_adapter$/), errno: 'EADDRNOTAVAIL' },
    ]);
    expect(mdevs).toMatchObject([{ mdev: WEB, guest: 'web', after: { adapters: [1] } }]);
    expect(state.driver).toBe('6.12');
  });
});
