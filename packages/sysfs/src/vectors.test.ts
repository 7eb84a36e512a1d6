/** Exact contents: what Linux 7.3's own driver wrote into these files, step by step (test/vectors/FORMAT.md). */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Command } from '@apledger/events';
import type { HostState } from '@apledger/host';
import { describe, expect, it } from 'vitest';
import { nodeAt } from './index.ts';
import { after, bareHost, cat, TYPE } from './test-support.ts';

interface Step {
  readonly op: string;
  readonly u?: string;
  readonly v?: string | number;
  readonly vm?: string;
  readonly dev?: string;
  readonly n?: number;
  readonly apm?: number[];
  readonly aqm?: number[];
  readonly adm?: number[];
  readonly out: Readonly<Record<string, string | { readonly e: string }>>;
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
  };
  readonly boot: { readonly apmask: string | null; readonly aqmask: string | null };
  readonly uuids: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

const FILE = new URL('../../../test/vectors/7.3/text.jsonl.gz', import.meta.url);
const vectors = gunzipSync(readFileSync(FILE))
  .toString()
  .trimEnd()
  .split('\n')
  .map((line): Vector => JSON.parse(line));

/** All adapters of the machine that made the vectors have these facility bits. */
const FUNCTIONS = 0x10000000;

const start = ({ host, boot }: Vector): HostState =>
  bareHost(
    '7.3',
    {
      qci: host.qci === 1,
      apxa: host.apxa === 1,
      maxAdapter: host.na,
      maxDomain: host.nd,
      adapters: host.apm,
      domains: host.aqm,
      controlDomains: host.adm,
      cards: Array.from({ length: 256 }, (_, adapter) => ({
        adapter,
        type: host.type,
        mode: 'C' as const,
        functions: FUNCTIONS,
      })),
    },
    boot,
  );

/** The folder of a device as the vectors call it: `` the bus, `type`, `matrix`, `card05`, `05.0004`, `A`. */
function folderOf(device: string, uuids: Vector['uuids']): string {
  if (device === '') return 'bus/ap';
  if (device === 'type') return TYPE;
  if (device === 'matrix') return 'devices/vfio_ap/matrix';
  if (/^card|\./.test(device)) return `bus/ap/devices/${device}`;
  return `devices/vfio_ap/matrix/${uuids[device]}`;
}

/** The file that the operation writes; undefined for what is done to the machine or by a guest. */
function fileOf({ op, u, dev = '' }: Step, uuids: Vector['uuids']): string | undefined {
  if (op === 'apmask' || op === 'aqmask') return `bus/ap/${op}`;
  if (op === 'mdev_create') return `${TYPE}/create`;
  if (op === 'mdev_remove') return `${folderOf(u ?? '', uuids)}/remove`;
  if (op === 'card_config') return `${folderOf(dev, uuids)}/config`;
  if (op === 'scan') return 'bus/ap/scans';
  return /assign|ap_config/.test(op) ? `${folderOf(u ?? '', uuids)}/${op}` : undefined;
}

function commandOf({ op, u = '', v, vm, n = 0, ...qci }: Step, uuids: Vector['uuids']): Command {
  const mdev = uuids[u] ?? '';
  if (op === 'guest_open') return { type: 'StartGuest', mdev, guest: vm ?? null };
  if (op === 'guest_close') return { type: 'StopGuest', mdev };
  if (op === 'hw_chkstop') return { type: 'SetCheckStop', adapter: n, checkStopped: v !== 0 };
  if (op !== 'qci') throw new Error(`unknown operation ${op}`);
  const { apm: adapters = [], aqm: domains = [], adm: controlDomains = [] } = qci;
  return { type: 'ChangeHardware', adapters, domains, controlDomains };
}

function carryOut(state: HostState, step: Step, uuids: Vector['uuids']): HostState {
  const file = fileOf(step, uuids);
  if (file === undefined) return after(state, commandOf(step, uuids));
  const node = nodeAt(state, file);
  const text = step.op === 'scan' ? '1' : String(step.v);
  const wanted = node?.kind === 'attribute' ? node.write(text) : undefined;
  return wanted === undefined || 'errno' in wanted ? state : after(state, wanted.command);
}

describe('the files of Linux 7.3', () => {
  it.each(vectors.map((vector) => [vector.id, vector] as const))(
    '%s: every byte is the same',
    (_, vector) => {
      let state = start(vector);
      vector.steps.forEach((step, i) => {
        state = carryOut(state, step, vector.uuids);
        const shown: Record<string, string> = {};
        const expected: Record<string, string> = {};
        for (const [name, content] of Object.entries(step.out)) {
          const dot = name.lastIndexOf('.');
          shown[name] = cat(
            state,
            `${folderOf(name.slice(0, Math.max(dot, 0)), vector.uuids)}/${name.slice(dot + 1)}`,
          );
          expected[name] = typeof content === 'string' ? content : content.e;
        }
        expect(shown, `step ${i}: ${step.op}`).toEqual(expected);
      });
    },
  );
});
