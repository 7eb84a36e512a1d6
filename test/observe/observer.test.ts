/** The observer's loop, with a reader that answers when the test says so, and a clock of the test's own. */
import { type HostReader, Observer } from '@apledger/agent/observer';
import type { Command } from '@apledger/events';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { scratch } from '../support/file.ts';
import { Pair, snapshotOf, unlike } from './simulated.ts';
import { Kept, nobody } from './site.ts';

const MDEV = '11111111-1111-4111-8111-111111111111';
const START = Date.parse('2026-11-26T20:00:00.000Z');

/** Answers with what the files of the host show at that moment, once the test lets it. */
class FakeReader implements HostReader {
  readonly file = 'sys/devices/vfio_ap/matrix/x/guest_matrix';
  boot = 'boot-1';
  gate: Promise<unknown> = Promise.resolve();
  readonly #pair: Pair;

  constructor(pair: Pair) {
    this.#pair = pair;
  }

  async read(): ReturnType<HostReader['read']> {
    await this.gate;
    const { host } = snapshotOf(this.#pair.actual);
    return {
      host,
      problems: [],
      boot: this.boot,
      settled: true,
      recreated: [],
      guests: { processes: [], domains: [], missing: [] },
      devices: [],
      uevents: undefined,
    };
  }

  async close(): Promise<void> {}
}

let pair: Pair;
let reader: FakeReader;
let kept: Kept;
let now: number;
const give = (...commands: Command[]) => commands.map((command) => pair.command(command));

function observer(): Observer {
  const root = scratch();
  const roots = { sysfs: root, proc: root, etc: root, dev: root, run: root };
  const report = (line: string): void => {
    throw new Error(line);
  };
  const pause = async (ms: number) => {
    now += ms;
  };
  return new Observer({
    host: 'h',
    roots,
    witness: nobody,
    sink: kept,
    report,
    reader,
    now: () => new Date(now),
    pause,
  });
}

beforeEach(() => {
  now = START;
  pair = new Pair();
  const hardware = {
    qci: true,
    apxa: true,
    maxAdapter: 255,
    maxDomain: 255,
    adapters: [5],
    domains: [4],
    controlDomains: [4],
    cards: [],
  };
  give({ type: 'RegisterHost', host: 'h', driver: '7.3', hardware, boot: { apmask: null, aqmask: null } });
  reader = new FakeReader(pair);
  kept = new Kept(pair.actual.fork());
});

const begun = (seenAt: string | null = null, boot: string | null = null): Observer => {
  const observing = observer();
  observing.begin({ state: kept.state.fork(), seenAt, boot });
  return observing;
};

describe('a look', () => {
  it('gives each change the interval between the two looks that it lies between', async () => {
    const observing = begun();
    await observing.look();
    now += 5000;
    give({ type: 'WriteMask', mask: 'apmask', text: '-5' });
    await observing.look();
    expect(kept.drafts.at(-1)).toMatchObject({
      notBefore: new Date(START).toISOString(),
      notAfter: new Date(START + 5000).toISOString(),
      occurredAt: new Date(START + 5000).toISOString(),
      wasAway: false,
      actor: 'unattributed',
      boot: 'boot-1',
    });
    expect(kept.state.apmask).toEqual(pair.actual.apmask);
  });

  it('says once what no file shows, and nothing when nothing changed', async () => {
    const observing = begun();
    await observing.look();
    const [first, ...rest] = kept.drafts;
    expect(rest).toEqual([]);
    expect(first?.facts.map(({ type }) => type)).toEqual(['ObservationIncomplete', 'ObservationIncomplete']);
    await observing.look();
    expect(kept.drafts).toHaveLength(1);
  });

  it('after the agent was away has the interval from the last look on, and says so', async () => {
    give({ type: 'WriteMask', mask: 'apmask', text: '-5' });
    const seenAt = '2026-11-19T00:00:00.000Z';
    const observing = begun(seenAt, 'boot-1');
    await observing.look();
    expect(kept.drafts[0]).toMatchObject({ notBefore: seenAt, wasAway: true });
    expect(kept.drafts[0]?.facts[0]?.type).toBe('MaskChanged');
  });

  it('finds another kernel: first the boot, then what was made since', async () => {
    give({ type: 'WriteMask', mask: 'apmask', text: '-5' }, { type: 'CreateMdev', text: MDEV });
    const observing = begun();
    await observing.look();
    reader.boot = 'boot-2';
    give({ type: 'RebootHost' }, { type: 'CreateMdev', text: MDEV });
    const from = kept.drafts.length;
    await observing.look();
    const [boot, ...since] = kept.drafts.slice(from);
    expect(boot).toMatchObject({ wasAway: true, boot: 'boot-2' });
    expect(boot?.facts[0]).toEqual({ type: 'HostBooted', data: { boot: 'boot-2', before: 'boot-1' } });
    expect(boot?.facts.map(({ type }) => type)).toContain('HostRebooted');
    expect(since.flatMap(({ facts }) => facts.map(({ type }) => type))).toEqual(['MdevCreated']);
  });

  it('never has an interval that ends before it begins when the clock is put back', async () => {
    const observing = begun();
    await observing.look();
    now -= 3_600_000;
    give({ type: 'WriteMask', mask: 'apmask', text: '-5' });
    await observing.look();
    const { notBefore, notAfter } = kept.drafts.at(-1) ?? {};
    expect(Date.parse(notBefore ?? '')).toBeLessThanOrEqual(Date.parse(notAfter ?? ''));
  });

  it('stays where it was when the spool cannot take it, and sees the same again', async () => {
    const observing = begun();
    await observing.look();
    give({ type: 'WriteMask', mask: 'apmask', text: '-5' });
    const full = vi.spyOn(kept, 'record').mockRejectedValueOnce(new Error('no space'));
    await expect(observing.look()).rejects.toThrow('no space');
    full.mockRestore();
    await observing.look();
    expect(kept.drafts.at(-1)?.facts[0]?.type).toBe('MaskChanged');
  });
});

describe('what the rules do not explain', () => {
  const DOMAINS = [4, 5, 6, 7];

  /** Queues of four domains go to vfio_ap; `after` tells how many have arrived once the host was read, from how many had before. */
  const moving = async (after: (arrived: number) => number) => {
    const observing = begun();
    const hardware = { adapters: [5], domains: DOMAINS, controlDomains: [4] };
    give({ type: 'ChangeHardware', ...hardware }, { type: 'ScanBus' });
    await observing.look();
    const before = snapshotOf(pair.actual).host.queues;
    give({ type: 'WriteMask', mask: 'apmask', text: '-5' });
    let arrived = 0;
    const read = reader.read.bind(reader);
    vi.spyOn(reader, 'read').mockImplementation(async () => {
      const sight = await read();
      const host = sight.host as NonNullable<typeof sight.host>;
      const queues = host.queues.map((queue, at) => (at < arrived ? queue : (before[at] ?? queue)));
      arrived = after(arrived);
      return { ...sight, host: { ...host, queues } };
    });
    const from = kept.drafts.length;
    return {
      observing,
      types: () => kept.facts(from).map(({ type }) => type),
      bound: () => kept.facts(from).flatMap(({ type, data }) => (type === 'QueueBound' ? data.queues : [])),
      drifts: () => kept.facts(from).flatMap(({ type, data }) => (type === 'DriftDetected' ? [data] : [])),
    };
  };

  it('is looked at again soon: the queues may have moved meanwhile', async () => {
    const { observing, types, drifts } = await moving(() => DOMAINS.length);
    await observing.look();
    expect(types()).toContain('MaskChanged');
    expect(drifts()).toEqual([]);
    expect(now).toBe(START + 100);
  });

  it('is recorded as it is seen while queues move, and each queue moves once', async () => {
    const { observing, types, bound, drifts } = await moving((arrived) => arrived + 1);
    await observing.look();
    expect(now).toBe(START + 100); // The mask is a fact although three queues have not moved.
    expect(types()).toContain('MaskChanged');
    expect(bound()).toEqual(['05.0004']);
    expect(kept.drafts.at(-1)?.settled).toBe(false);
    for (let looks = 0; looks < 6; looks++) {
      now += 500;
      await observing.look();
    }
    expect(bound()).toEqual(['05.0004', '05.0005', '05.0006', '05.0007']);
    expect(drifts()).toEqual([]);
    expect(unlike(kept.state, pair.actual)).toEqual([]);
  });

  it('is a drift where the queues come to rest elsewhere', async () => {
    const { observing, bound, drifts } = await moving((arrived) => Math.min(arrived + 1, 2));
    for (let looks = 0; looks < 8; looks++) {
      await observing.look();
      now += looks === 2 ? -3_600_000 : 500; // The clock is put back meanwhile.
    }
    expect(drifts()).toMatchObject([
      { what: 'queues 05.0006, 05.0007', predicted: expect.stringMatching(/^vfio_ap/), actual: 'cex4queue' },
    ]);
    expect(bound()).toEqual(['05.0004', '05.0005']);
  });

  it('is a drift after a second in which nothing moved', async () => {
    const { observing, types, drifts } = await moving(() => 0);
    await observing.look();
    expect(types()).toContain('MaskChanged');
    expect(drifts()).toHaveLength(1);
    expect(now).toBe(START + 1000);
  });
});

describe('a kernel that does not answer', () => {
  it('is said while it lasts and when it ends, and what happened meanwhile is seen then', async () => {
    const observing = begun();
    await observing.look();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { promise, resolve } = Promise.withResolvers<void>();
    reader.gate = promise;
    const looking = observing.look();
    await vi.advanceTimersByTimeAsync(4999);
    expect(kept.facts(1)).toEqual([]);
    now += 5000;
    await vi.advanceTimersByTimeAsync(1);
    vi.useRealTimers();
    const stalled = (to: number) => ({
      type: 'ObservationStalled',
      data: { from: new Date(START).toISOString(), to: new Date(to).toISOString(), file: reader.file },
    });
    expect(kept.facts(1)).toEqual([stalled(START + 5000)]);
    give({ type: 'WriteMask', mask: 'apmask', text: '-5' });
    now += 55_000;
    resolve();
    await looking;
    expect(kept.facts(1)[1]).toEqual(stalled(START + 60_000));
    expect(kept.facts(1)[2]?.type).toBe('MaskChanged');
  });
});
