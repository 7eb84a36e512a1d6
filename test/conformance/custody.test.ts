/**
 * The recorded histories as custody: who could use a queue is what the kernel's own states say after every step, and whether it was reset
 * is what its own ZAPQ instructions say. (No state of ours is looked at, only what the log's facts fold to.)
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { CustodyInterval } from '@apledger/api';
import { CommandHandler } from '@apledger/command-handler';
import { openMemoryLog } from '@apledger/event-log';
import type { Command, Generation } from '@apledger/events';
import { openCustody } from '@apledger/projections';
import { describe, expect, it } from 'vitest';
import { inRepository } from '../cli/support.ts';

/** As test/vectors/FORMAT.md describes it. */
interface Mdev {
  readonly ga: readonly number[] | null;
  readonly gd: readonly number[] | null;
  readonly vm: string | null;
  readonly k?: readonly [readonly number[], readonly number[], readonly number[]];
}
interface State {
  readonly q: Readonly<Record<string, readonly [string | null]>>;
  readonly m: Readonly<Record<string, Mdev>>;
}
interface Step {
  readonly op: string;
  readonly u?: string | null;
  readonly v?: string | number;
  readonly vm?: string | null;
  readonly drv?: 'vfio_ap' | 'cex4queue';
  readonly dev?: string;
  readonly n?: number;
  readonly t?: number;
  readonly rc?: number[];
  readonly apm?: number[];
  readonly aqm?: number[];
  readonly adm?: number[];
  readonly q?: Readonly<Record<string, readonly [string | null] | null>>;
  readonly m?: Readonly<Record<string, Mdev | null>>;
  readonly z?: readonly string[];
}
interface Vector {
  readonly id: string;
  readonly host: {
    readonly qci: number;
    readonly apxa: number;
    readonly na: number;
    readonly nd: number;
    readonly apm: number[];
    readonly aqm: number[];
    readonly adm: number[];
    readonly type: number;
    readonly types: Readonly<Record<string, number>>;
  };
  readonly boot: { readonly apmask: string | null; readonly aqmask: string | null };
  readonly uuids: Readonly<Record<string, string>>;
  readonly init: State;
  readonly steps: readonly Step[];
}

const FUNCTIONS = 0x10000000;
const card = (adapter: number, type: number) => ({ adapter, type, mode: 'C' as const, functions: FUNCTIONS });

function registration({ host, boot }: Vector, driver: Generation): Command {
  return {
    type: 'RegisterHost',
    host: 'h',
    driver,
    hardware: {
      qci: host.qci !== 0,
      apxa: host.apxa !== 0,
      maxAdapter: host.na,
      maxDomain: host.nd,
      adapters: host.apm,
      domains: host.aqm,
      controlDomains: host.adm,
      cards: Array.from({ length: 256 }, (_, n) => card(n, host.types[String(n)] ?? host.type)),
    },
    boot,
  };
}

const ASSIGNMENTS = {
  assign_adapter: 'AssignAdapter',
  unassign_adapter: 'UnassignAdapter',
  assign_domain: 'AssignDomain',
  unassign_domain: 'UnassignDomain',
  assign_control_domain: 'AssignControlDomain',
  unassign_control_domain: 'UnassignControlDomain',
  ap_config: 'ConfigureMdev',
} as const;

function commandOf(step: Step, uuids: Vector['uuids']): Command {
  const { op, n = 0, dev = '', drv = 'vfio_ap' } = step;
  const text = String(step.v ?? '');
  const mdev = (uuids[step.u ?? ''] ?? '').toLowerCase();
  if (Object.hasOwn(ASSIGNMENTS, op))
    return { type: ASSIGNMENTS[op as keyof typeof ASSIGNMENTS], mdev, text };
  switch (op) {
    case 'apmask':
    case 'aqmask':
      return { type: 'WriteMask', mask: op, text };
    case 'mdev_create':
      return { type: 'CreateMdev', text };
    case 'mdev_remove':
      return { type: 'RemoveMdev', mdev, text };
    case 'guest_open':
      return { type: 'StartGuest', mdev, guest: step.vm ?? null };
    case 'guest_close':
      return { type: 'StopGuest', mdev };
    case 'vfio_reset':
      return { type: 'ResetGuestDevice', mdev };
    case 'qci': {
      const { apm = [], aqm = [], adm = [] } = step;
      return { type: 'ChangeHardware', adapters: apm, domains: aqm, controlDomains: adm };
    }
    case 'hw_type':
      return { type: 'ChangeHardware', cards: [card(n, step.t ?? 0)] };
    case 'hw_chkstop':
      return { type: 'SetCheckStop', adapter: n, checkStopped: step.v !== 0 };
    case 'card_config':
      return { type: 'ConfigureCard', adapter: Number.parseInt(dev.slice(4), 16), text };
    case 'fault':
      return { type: 'InjectResetFault', queue: dev, responseCodes: step.rc ?? [] };
    case 'bind':
      return { type: 'BindQueue', driver: drv, text: dev };
    case 'unbind':
      return { type: 'UnbindQueue', driver: drv, text: dev };
    case 'driver_override':
      return { type: 'OverrideDriver', queue: dev, text };
    case 'drivers_probe':
      return { type: 'ProbeDevice', text: dev };
    case 'scan':
      return { type: 'ScanBus' };
    default:
      throw new Error(`no such operation: ${op}`);
  }
}

/** After each step, the first being the boot. */
function statesOf({ init, steps }: Vector): State[] {
  const states = [init];
  const present = <T>(record: Readonly<Record<string, T | null>>) =>
    Object.fromEntries(
      Object.entries(record).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
    );
  let state = init;
  for (const { q = {}, m = {} } of steps) {
    state = { q: present({ ...state.q, ...q }), m: present({ ...state.m, ...m }) } as State;
    states.push(state);
  }
  return states;
}

const hex = (id: number) => id.toString(16).padStart(2, '0');

/** By queue, who can use it: `vm on UUID`, `host`, or both with a plus. */
function usersOf({ q, m }: State, uuids: Vector['uuids']): Map<string, string> {
  const users = new Map<string, string>();
  for (const [name, { ga, gd, vm, k }] of Object.entries(m)) {
    if (vm === null) continue;
    const [adapters, domains] = k ?? [ga ?? [], gd ?? []];
    for (const apid of adapters)
      for (const apqi of domains)
        users.set(`${hex(apid)}.00${hex(apqi)}`, `${vm} on ${uuids[name]?.toLowerCase()}`);
  }
  for (const [queue, [driver]] of Object.entries(q))
    if (driver !== null && driver !== 'vfio_ap')
      users.set(queue, [users.get(queue) ?? [], 'host'].flat().join(' + '));
  return users;
}

interface Span {
  readonly users: string;
  /** The step that began it; 0 = boot, -1 = before. */
  readonly from: number;
  readonly resetBefore: boolean | null;
}

/** What the kernel's states and resets make of a queue. */
function expectedOf(queue: string, vector: Vector, users: readonly Map<string, string>[]): Span[] {
  const spans: Span[] = [{ users: '', from: -1, resetBefore: null }];
  let letGo = -1;
  users.forEach((after, step) => {
    const last = spans.at(-1);
    const now = after.get(queue) ?? '';
    if (last === undefined || last.users === now) return;
    if (last.users !== '') letGo = step;
    const isReset = vector.steps.slice(Math.max(letGo - 1, 0), step).some(({ z = [] }) => z.includes(queue));
    spans.push({ users: now, from: step, resetBefore: letGo < 0 ? null : isReset });
  });
  return spans;
}

const found = (interval: CustodyInterval, steps: ReadonlyMap<string, number>): Span => {
  const users = [interval.holder, ...interval.sharedWith].flatMap((holder) => {
    if (holder.kind === 'nobody') return [];
    return holder.kind === 'host' ? ['host'] : [`${holder.guest} on ${holder.mdev}`];
  });
  const { from, resetBefore } = interval;
  return { users: users.join(' + '), from: steps.get(from?.commandId ?? '') ?? -1, resetBefore };
};

/** Few of each file: all of them are compared state by state elsewhere. */
const SEQUENCES = 12;
const files = [
  ...['guest', 'bind', 'hostcfg', 'removal'].map((name) => ['2019-v2', name] as const),
  ...['guest', 'bind', 'hostcfg', 'faults', 'removal', 'noapxa'].flatMap((name) => [
    ['5.10', name] as const,
    ['6.1', name] as const,
  ]),
  ...['guest', 'hostcfg', 'removal'].map((name) => ['6.12', name] as const),
  ...['guest', 'bind', 'hostcfg', 'faults', 'removal', 'override', 'wide', 'noapxa', 'apconfig'].map(
    (name) => ['7.3', name] as const,
  ),
];

async function replay(vector: Vector, driver: Generation) {
  const log = openMemoryLog();
  const handler = new CommandHandler(log);
  const steps = new Map<string, number>();
  const submit = async (command: Command, step: number) => {
    const { commandId } = await handler.submit({ host: 'h', actor: 'kernel', command });
    steps.set(commandId, step);
  };
  await submit(registration(vector, driver), 0);
  for (const [i, step] of vector.steps.entries()) await submit(commandOf(step, vector.uuids), i + 1);
  return { queries: openCustody({ log }), steps };
}

describe.each(files)('%s, the histories of %s', (driver, name) => {
  it('are the custody that the kernel had', async () => {
    const vectors = gunzipSync(readFileSync(inRepository(`test/vectors/${driver}/${name}.jsonl.gz`)))
      .toString()
      .trimEnd()
      .split('\n')
      .slice(0, SEQUENCES)
      .map((line) => JSON.parse(line) as Vector);
    let spans = 0;
    for (const vector of vectors) {
      const { queries, steps } = await replay(vector, driver);
      const users = statesOf(vector).map((state) => usersOf(state, vector.uuids));
      const held = new Set(users.flatMap((map) => [...map.keys()]));
      for (const queue of held) {
        const report = await queries.custody('h', queue);
        const actual = report?.intervals.map((interval) => found(interval, steps)) ?? [];
        const expected = expectedOf(queue, vector, users);
        // The vectors of 2019 have no resets. Of nobody, ours tells what was so at the end, theirs at the beginning. Where the host
        // joins or leaves a guest that goes on (5.10), theirs counts the reset of the rebinding, which cleans nothing: ours does not.
        const isShared = (span: Span | undefined) => span?.users.includes(' + ') === true;
        const compared = (list: readonly Span[]) =>
          list.map((span, i) =>
            driver === '2019-v2' || span.users === '' || isShared(span) || isShared(list[i - 1])
              ? { ...span, resetBefore: null }
              : span,
          );
        expect({ id: vector.id, queue, spans: compared(actual) }).toEqual({
          id: vector.id,
          queue,
          spans: compared(expected),
        });
        spans += expected.length;
      }
    }
    expect(spans).toBeGreaterThan(200);
  });
});
