/** What holds in every history, in all generations: random commands on a small host. */
import {
  andNot,
  apidOf,
  apqiOf,
  apqn,
  apqnsOf,
  type ControlledMatrix,
  EMPTY_MATRIX,
  formatApqn,
  has,
  idsOf,
  isEmpty,
  matricesOverlap,
  parseApqn,
} from '@apledger/ap';
import { type Command, type Fact, factVersion, pack, parseCommand, parseFact } from '@apledger/events';
import { evolve, type HostState, isOpen, isReserved, queueOf, reachable } from '@apledger/host';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Decision, decide, rulesOf } from './index.ts';
import { anyHistory, type History } from './test-histories.ts';
import { bring } from './test-support.ts';

const RUNS = { numRuns: process.env.APLEDGER_LONG === '1' ? 2500 : 100 };

type Look = (before: HostState, command: Command, decision: Decision & { readonly state: HostState }) => void;
type Make = (history: History, booted: Decision & { readonly state: HostState }) => Look;

/** Runs random histories; `make` gives, for each of them, what looks at every step. */
function always(make: Make): void {
  fc.assert(
    fc.property(anyHistory, (history) => {
      const host = bring(history.driver, history.machine);
      const look = make(history, { ...host.last, state: host.state });
      for (const command of history.commands) {
        const before = host.state;
        host.tries(command);
        look(before, command, { ...host.last, state: host.state });
      }
    }),
    RUNS,
  );
}

/** A property of the state alone, looked at after boot and after every command. */
const stateAlways = (check: (state: HostState) => void): void =>
  always((_, booted) => {
    check(booted.state);
    return (_before, _command, { state }) => check(state);
  });

const attached = (state: HostState) => [...state.mdevs.values()].filter((mdev) => mdev.effective !== null);
const within = (inner: ControlledMatrix, outer: ControlledMatrix): boolean =>
  isEmpty(andNot(inner.adapters, outer.adapters)) &&
  isEmpty(andNot(inner.domains, outer.domains)) &&
  isEmpty(andNot(inner.controlDomains, outer.controlDomains));

describe('every decision', () => {
  test('is made of valid commands, or these properties say little', () => {
    fc.assert(
      fc.property(anyHistory, ({ commands }) => {
        for (const command of commands) expect(parseCommand(command)).toEqual({ command });
      }),
      { numRuns: 50 },
    );
  });

  test('leaves the state that it was asked about as it was', () => {
    always(() => (before, command) => {
      const copy = before.fork();
      decide(before, command);
      expect(before.equals(copy)).toBe(true);
      expect(before.toBytes()).toEqual(copy.toBytes());
    });
  });

  test('writes facts that can be read again from JSON, and packed', () => {
    always((_, booted) => {
      const readable = (fact: Fact): void => {
        const version = factVersion(fact.type);
        expect(parseFact(fact.type, version, JSON.parse(JSON.stringify(fact.data)))).toEqual(fact);
        expect(pack(fact)).toBeInstanceOf(Uint8Array);
      };
      booted.facts.forEach(readable);
      return (_before, _command, { facts }) => facts.forEach(readable);
    });
  });

  test('that refuses changes nothing but what the hardware has done already', () => {
    always(() => (before, command, { facts, state, refusal, isBlocked }) => {
      const rejections = facts.filter(({ type }) => type === 'CommandRejected');
      expect(rejections).toHaveLength(refusal === undefined ? 0 : 1);
      if (refusal === undefined) return;
      expect(isBlocked).toBeUndefined();
      expect(facts.at(-1)).toMatchObject({
        type: 'CommandRejected',
        data: { command, errno: refusal.errno },
      });
      const effects = new Set(facts.slice(0, -1).map(({ type }) => type));
      const allowed = { ResetGuestDevice: ['QueueReset'], MigrateGuest: ['MigrationRefused'] };
      expect([...effects]).toEqual(
        command.type in allowed && facts.length > 1 ? allowed[command.type as keyof typeof allowed] : [],
      );
      if (command.type !== 'ResetGuestDevice') expect(state.equals(before)).toBe(true);
    });
  });

  test('that refuses says why and what would help', () => {
    always(() => (_before, _command, { refusal }) => {
      if (refusal === undefined) return;
      expect(refusal.explanation).toMatch(/^.+[.]$/s);
      expect(refusal.remedy).not.toBe('');
      if (['EADDRINUSE', 'EADDRNOTAVAIL'].includes(refusal.errno)) expect(refusal.conflicts).not.toEqual([]);
      for (const { queue, holder } of refusal.conflicts) expect([queue, holder]).not.toContain('');
    });
  });

  test('leaves a fact, also when it changes nothing', () => {
    always(() => (before, command, { facts, state }) => {
      expect(facts).not.toEqual([]);
      if (facts[0]?.type !== 'CommandHadNoEffect') return;
      expect(facts).toEqual([{ type: 'CommandHadNoEffect', data: { command } }]);
      expect(state.equals(before)).toBe(true);
    });
  });
});

describe('in every state', () => {
  test('no APQN is in the matrices of two mdevs', () => {
    stateAlways(({ mdevs }) => {
      const all = [...mdevs.values()];
      for (const [i, mdev] of all.entries())
        for (const other of all.slice(i + 1))
          expect(matricesOverlap(mdev.assigned, other.assigned)).toBe(false);
    });
  });

  test('no APQN can be used by two guests', () => {
    stateAlways((state) => {
      const used = attached(state).flatMap(({ effective }) => (effective === null ? [] : apqnsOf(effective)));
      expect(new Set(used).size).toBe(used.length);
    });
  });

  test('the guestMatrix lies within the assigned one, and what a guest can use within the guestMatrix', () => {
    stateAlways(({ mdevs }) => {
      for (const { assigned, guestMatrix, effective } of mdevs.values()) {
        if (guestMatrix !== null) expect(within(guestMatrix, assigned)).toBe(true);
        if (effective !== null && guestMatrix !== null) expect(within(effective, guestMatrix)).toBe(true);
      }
    });
  });

  test('a guest of 6.12 or 7.3 can use exactly what reaches it of the guestMatrix', () => {
    stateAlways((state) => {
      for (const { removing, guestMatrix, effective } of attached(state)) {
        if (state.driver === '2019-v2' || guestMatrix === null || effective === null) continue;
        // A blocked removal of 7.3 has emptied them, until something is written again.
        const isEmptied = removing && state.driver === '7.3' && within(effective, EMPTY_MATRIX);
        if (!isEmptied) expect(effective).toEqual(reachable(state, guestMatrix));
      }
    });
  });

  test('a guest of 6.12 or 7.3 has no queue that vfio_ap does not have', () => {
    stateAlways((state) => {
      if (state.driver === '2019-v2') return;
      for (const { guestMatrix } of state.mdevs.values())
        for (const queue of guestMatrix === null ? [] : apqnsOf(guestMatrix))
          expect([formatApqn(queue), queueOf(state, apidOf(queue), apqiOf(queue))?.state]).toEqual([
            formatApqn(queue),
            'vfio_ap',
          ]);
    });
  });

  test('an attached guest is known by name, has the mdev open, and with hot plug only one', () => {
    stateAlways((state) => {
      const guests = attached(state).map(({ guest }) => guest);
      expect(guests).not.toContain(null);
      expect(new Set(guests).size).toBe(guests.length);
      for (const mdev of state.mdevs.values()) {
        expect(mdev.attached).toBe(mdev.effective !== null);
        if (mdev.attached) expect(isOpen(mdev)).toBe(true);
        if (state.guestMatrixLife === 'always') expect(mdev.attached).toBe(isOpen(mdev));
      }
    });
  });

  test('every assigned adapter has a place on its way into the guest, and is plugged exactly when the guest can have it', () => {
    stateAlways(({ mdevs }) => {
      for (const { assigned, guestMatrix, effective, plug } of mdevs.values()) {
        const usable = guestMatrix ?? effective;
        expect([...plug.keys()].sort((a, b) => a - b)).toEqual(idsOf(assigned.adapters));
        for (const [apid, place] of plug)
          expect(place === 'plugged').toBe(usable !== null && has(usable.adapters, apid));
      }
    });
  });

  test('a queue that vfio_ap has is not the host`s, unless a driver_override once said so', () => {
    always(() => {
      const overridden = new Set<number>();
      return (_before, _command, { facts, state }) => {
        for (const fact of facts) {
          if (fact.type === 'DriverOverrideChanged') overridden.add(parseApqn(fact.data.queue) ?? -1);
          if (fact.type === 'QueueRemoved')
            for (const name of fact.data.queues) overridden.delete(parseApqn(name) ?? -1);
        }
        for (const [apid, card] of state.cards)
          for (const [apqi, queue] of card.queues) {
            if (queue.state !== 'vfio_ap' || overridden.has(apqn(apid, apqi))) continue;
            expect(isReserved(state, apid, apqi)).toBe(false);
          }
      };
    });
  });
});

describe('in every history of a driver that resets what it throws out', () => {
  test('a queue is reset between two holders', () => {
    always(({ driver }) => {
      /** Who used a queue that was not reset since. */
      const dirty = new Map<number, string | null>();
      return (before, _command, { facts }) => {
        if (!rulesOf(driver).resetsThrownOut) return;
        const state = before.fork();
        for (const fact of facts) {
          evolve(state, fact);
          if (fact.type === 'QueueReset')
            for (const name of fact.data.queues) dirty.delete(parseApqn(name) ?? -1);
          if (fact.type === 'QueueBound' && fact.data.driver === 'cex4queue')
            for (const name of fact.data.queues)
              expect([name, dirty.get(parseApqn(name) ?? -1)]).toEqual([name, undefined]);
          for (const { guest, effective } of attached(state))
            for (const queue of effective === null ? [] : apqnsOf(effective)) {
              expect([formatApqn(queue), dirty.get(queue) ?? guest]).toEqual([formatApqn(queue), guest]);
              dirty.set(queue, guest);
            }
        }
      };
    });
  });
});
