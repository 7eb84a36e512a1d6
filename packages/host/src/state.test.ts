/** The block of a host: what its bytes hold, what a fork shares, what an undo brings back. */
import { CorruptPayload, type Fact, type FactType, pack } from '@apledger/events';
import { FACT_TYPES, factOf } from '@apledger/events/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evolve, evolvePacked, HostState, ImpossibleFact, queueOf } from './index.ts';
import { CARDS, H, HEADER_WORDS, MAGIC } from './layout.ts';
import { EDGES, history, legal } from './testing/index.ts';

const QUEUES = ['05.0005', '05.001f', '1f.0005'];
const queue = fc.constantFrom(...QUEUES);
const adapter = fc.constantFrom(5, 0x1f);
const ids = fc.subarray([0, 5, 31, 255]);
const matrix = { adapters: ids, domains: ids, controlDomains: ids };
const isSo = fc.boolean();
const known = { configured: true, checkStopped: false };
const fact = (type: FactType, data: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Fact> =>
  fc.record(data).map((values) => ({ type, data: values }) as unknown as Fact);
const noticed = { configured: isSo, checkStopped: isSo };

/** What histories lack: facts of the hardware and of devices. */
const deviceFact = fc.oneof(
  fact('HardwareChanged', { ...matrix, cards: fc.constant([{ adapter: 5, type: 13, mode: 'P' }]) }),
  fact('CheckStopChanged', { adapter, checkStopped: isSo }),
  fact('ResetFaultInjected', { queue, responseCodes: fc.array(fc.nat(255), { minLength: 1 }) }),
  fact('HostConfigChanged', matrix),
  fact('BindingsCompleted', { count: fc.nat(9) }),
  fact('BusAttributeChanged', { attribute: fc.constantFrom('ap_domain', 'poll_timeout'), value: fc.nat(9) }),
  fact('CardConfigured', { adapter }),
  fact('CardDeconfigured', { adapter }),
  fact('CardCheckStopNoticed', { adapter, checkStopped: isSo }),
  fact('QueueStateNoticed', { queues: queue.map((name) => [name]), ...noticed }),
  fact('DriverOverrideChanged', { queue, driver: fc.constantFrom('vfio_ap', null) }),
  fact('OnlineChanged', { device: fc.constantFrom('card05', ...QUEUES), online: isSo }),
);
const others = fc.array(fc.tuple(fc.nat(), deviceFact), { maxLength: 30, size: 'max' });
const detected: Fact = { type: 'QueueDetected', data: { queues: QUEUES, ...known } };
/** Where the cards of a history are there. */
const AFTER_CARDS = 1 + EDGES.length;

/** Facts of a host as far as they can follow one another. */
const life: fc.Arbitrary<readonly Fact[]> = fc.tuple(history(40), others).map(([facts, more]) => {
  const all = [...facts.slice(0, AFTER_CARDS), detected, ...facts.slice(AFTER_CARDS)];
  for (const [at, each] of more) all.splice(AFTER_CARDS + 1 + (at % (all.length - AFTER_CARDS)), 0, each);
  return legal(all);
});
const RUNS = { numRuns: 20 };
const [SAMPLE = []] = fc.sample(life, { numRuns: 1, seed: 2 });

function folded(facts: readonly Fact[], state = new HostState()): HostState {
  for (const fact of facts) {
    evolve(state, fact);
    state.place(state.revision + 1, state.revision + 2, 1000);
  }
  return state;
}

const bytesOf = (state: HostState): string => Buffer.from(state.toBytes()).toString('latin1');

/** Tries the fact, which need not be possible. */
function attempt(state: HostState, fact: Fact): void {
  try {
    evolve(state, fact);
  } catch (error) {
    if (!(error instanceof ImpossibleFact || error instanceof CorruptPayload)) throw error;
  }
}

describe('the bytes of a state', () => {
  it('give the same state again, which goes on alike', () => {
    fc.assert(
      fc.property(life, fc.nat(), (facts, cut) => {
        const at = cut % (facts.length + 1);
        const state = folded(facts.slice(0, at));
        const again = HostState.ofBytes(state.toBytes());
        if (again === undefined) throw new Error('the bytes cannot be read');
        expect(again.equals(state)).toBe(true);
        expect(bytesOf(again)).toBe(bytesOf(state));
        expect(bytesOf(folded(facts.slice(at), again))).toBe(bytesOf(folded(facts.slice(at), state)));
      }),
      RUNS,
    );
  });

  it('may begin anywhere in a buffer', () => {
    const bytes = folded(SAMPLE).toBytes();
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(HostState.ofBytes(shifted.subarray(3))?.toBytes()).toEqual(bytes);
  });

  it('are refused when they are cut, or of another layout', () => {
    const bytes = folded(SAMPLE).toBytes();
    for (const length of [0, 3, 4, 100, 4 + 4 * HEADER_WORDS - 1, bytes.length - 1])
      expect(HostState.ofBytes(bytes.subarray(0, length))).toBeUndefined();
    const word = (at: number, value: number): Uint8Array => {
      const changed = bytes.slice();
      new Uint32Array(changed.buffer.slice(4, 4 + 4 * HEADER_WORDS)).set([value], at);
      changed.set(new Uint8Array(Uint32Array.of(value).buffer), 4 + 4 * at);
      return changed;
    };
    const words = new Uint32Array(bytes.buffer.slice(4, 4 + 4 * HEADER_WORDS));
    expect(HostState.ofBytes(word(H.magic, MAGIC))).toBeDefined();
    for (const [at, value] of [
      [H.magic, MAGIC + 1],
      [H.cards, (words[H.cards] ?? 0) + 1],
      [H.rowWords, (words[H.rowWords] ?? 0) + 1],
      [H.mdevs, (words[H.mdevs] ?? 0) + 1],
      [H.mdevs, 0xffffffff],
    ] as const)
      expect({ at, value, state: HostState.ofBytes(word(at, value)) }).toEqual({
        at,
        value,
        state: undefined,
      });
  });

  it('are never a reason to crash, whichever are damaged', () => {
    fc.assert(
      fc.property(
        life,
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1 }),
        (facts, damages) => {
          const bytes = folded(facts).toBytes();
          for (const [at, value] of damages) bytes[at % bytes.length] = value;
          expect(() => HostState.ofBytes(bytes)).not.toThrow();
        },
      ),
    );
  });

  it('are the same for the same facts, however the block grew on the way', () => {
    fc.assert(
      fc.property(life, (facts) => {
        let state = new HostState();
        for (const fact of facts) {
          state = HostState.ofBytes(folded([fact], state).toBytes()) ?? new HostState();
        }
        expect(bytesOf(state)).toBe(bytesOf(folded(facts)));
      }),
      RUNS,
    );
  });

  it('differ when a text alone differs', () => {
    const [facts = []] = fc.sample(history(0), { numRuns: 1, seed: 4 });
    const override = (driver: string): Fact => ({
      type: 'DriverOverrideChanged',
      data: { queue: '05.0005', driver },
    });
    const [one, other] = ['vfio_ap', 'cex4queue'].map((driver) =>
      folded([...facts, detected, override(driver)]),
    );
    expect(one?.equals(folded([...facts, detected, override('vfio_ap')]))).toBe(true);
    expect(other && one?.equals(other)).toBe(false);
  });
});

describe('a fork', () => {
  it('shares nothing with its origin', () => {
    fc.assert(
      fc.property(life, fc.nat(), (facts, cut) => {
        const at = cut % (facts.length + 1);
        const origin = folded(facts.slice(0, at));
        const before = bytesOf(origin);
        const fork = origin.fork();
        expect(fork.equals(origin)).toBe(true);
        folded(facts.slice(at), fork);
        expect(bytesOf(origin)).toBe(before);
        expect(bytesOf(folded(facts.slice(at), origin))).toBe(bytesOf(fork));
        expect(fork.equals(origin)).toBe(true);
      }),
      RUNS,
    );
  });
});

describe('a host that an agent watches', () => {
  it('has the epoch of its newest agent, on which no decision depends', () => {
    const [watched, alone] = [new HostState(), new HostState()];
    for (const state of [watched, alone]) for (const fact of SAMPLE) evolve(state, fact);
    expect(watched.agentEpoch).toBe(0);
    const began = { agent: 'a', boot: 'b', kernel: '6.12', detected: [], missing: [] };
    evolve(watched, { type: 'ObservationBegan', data: { epoch: 3, ...began } });
    expect([watched.agentEpoch, alone.agentEpoch]).toEqual([3, 0]);
    expect(watched.equals(alone)).toBe(false);
    expect(watched.hasMatricesOf(alone)).toBe(true);
  });
});

describe('a try', () => {
  it('leaves nothing behind, whether its facts can happen or not, and one follows another', () => {
    const tried = fc.array(deviceFact, { maxLength: 5 });
    fc.assert(
      fc.property(life, fc.array(fc.tuple(fc.nat(), tried)), (facts, tries) => {
        const state = new HostState();
        const plain = new HostState();
        for (const [n, fact] of facts.entries()) {
          folded([fact], state);
          folded([fact], plain);
          // What follows is tried first; then what comes from anywhere.
          for (const [at, others] of tries.filter(([where]) => where % facts.length === n)) {
            state.begin();
            for (const next of [...facts.slice(n + 1, n + 1 + (at % 7)), ...others]) attempt(state, next);
            state.place(n + 100, n + 101, 5);
            state.rollback();
            expect(bytesOf(state)).toBe(bytesOf(plain));
            expect([...state.mdevs.keys()].map((uuid) => state.mdevs.has(uuid))).not.toContain(false);
          }
        }
        expect(state.equals(plain)).toBe(true);
      }),
      RUNS,
    );
  });

  it.each<[FactType, ...FactType[]]>([
    ['QueueDetected'],
    ['QueueBound', 'QueueDetected'],
    ['QueueReset', 'QueueDetected', 'QueueBound'],
    ['QueueUnbound', 'QueueDetected', 'QueueBound'],
    ['QueueBound', 'QueueDetected', 'QueueBound', 'QueueReset', 'QueueUnbound'],
    ['QueueRemoved', 'QueueDetected'],
  ])('leaves nothing behind of %s in the last words of a card', (tried, ...before) => {
    const data = { queues: ['05.00ff'], driver: 'vfio_ap', by: 'vfio_ap', responseCode: 7, ...known };
    const about = (type: FactType): Fact => ({ type, data }) as unknown as Fact;
    const model = { adapter: 5, type: 14, mode: 'C', functions: 0 } as const;
    const card: Fact = { type: 'CardDetected', data: { ...model, ...known } };
    // The first queue, whose order is 0 as that of one that is not there.
    const first: Fact = { type: 'QueueDetected', data: { queues: ['05.0000'], ...known } };
    const state = folded([...SAMPLE.slice(0, 1), card, first, ...before.map(about)]);
    const kept = bytesOf(state);
    state.begin();
    evolve(state, about(tried));
    expect(bytesOf(state)).not.toBe(kept);
    state.rollback();
    expect(bytesOf(state)).toBe(kept);
  });

  it('is one at a time', () => {
    const state = new HostState();
    state.begin();
    expect(() => state.begin()).toThrow();
    state.rollback();
    state.begin();
    state.rollback();
  });
});

describe('a packed fact', () => {
  it.each(FACT_TYPES)('%s is refused when it is a byte too short or too long', (type) => {
    fc.assert(
      fc.property(factOf(type), fc.nat(), (fact, cut) => {
        const state = folded(SAMPLE);
        const bytes = pack(fact);
        const shorter = bytes.subarray(0, cut % bytes.length);
        const longer = Uint8Array.of(...bytes, 0);
        for (const wrong of [shorter, longer])
          expect(() => evolvePacked(state.fork(), wrong, 0, wrong.length)).toThrow();
      }),
      RUNS,
    );
  });
});

describe('a large host', () => {
  const all = Array.from({ length: 256 }, (_, id) => id);
  const name = (apid: number, apqi: number): string =>
    `${apid.toString(16).padStart(2, '0')}.${apqi.toString(16).padStart(4, '0')}`;

  it('has 256 cards of 256 queues, whose rows grew one by one from both ends', () => {
    const [facts = []] = fc.sample(history(0), { numRuns: 1, seed: 6 });
    const state = folded(facts.filter(({ type }) => type === 'HostRegistered'));
    const middleOut = all.map((n) => (n % 2 === 0 ? 128 + n / 2 : 127 - (n - 1) / 2));
    for (const adapter of middleOut)
      evolve(state, {
        type: 'CardDetected',
        data: { adapter, type: 14, mode: 'C', functions: adapter, ...known },
      });
    for (const apqi of middleOut)
      evolve(state, {
        type: 'QueueDetected',
        data: { queues: all.map((apid) => name(apid, apqi)), ...known },
      });
    expect(state.block.words.subarray(CARDS, CARDS + 8).every((word) => word === 0xffffffff)).toBe(true);
    for (const apid of all) {
      expect(state.cards.get(apid)?.functions).toBe(apid);
      for (const apqi of all) {
        const order = middleOut.indexOf(apqi) * 256 + apid;
        if (queueOf(state, apid, apqi)?.order !== order) throw new Error(`${name(apid, apqi)} is lost`);
      }
    }
    for (const adapter of middleOut) {
      evolve(state, { type: 'QueueRemoved', data: { queues: all.map((apqi) => name(adapter, apqi)) } });
      evolve(state, { type: 'CardRemoved', data: { adapter } });
    }
    expect(state.cards.size).toBe(0);
  });
});
