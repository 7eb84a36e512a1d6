/** Who has which mdev open, from everything that tells of it (docs/agent.md, "Guests"). Pure: the agent reads the files. */
import { apidOf, apqiOf, matrixHas } from '@apledger/ap';
import type { DomainStatus, ObservedHost } from '@apledger/capture';
import type { Evidence } from '@apledger/events';
import type { Guests } from './snapshot.ts';

/** What says so, the best first: an open descriptor, libvirt's run-time XML, QEMU's command line, a queue's `status`. */
export type UseSource = 'process' | 'domain' | 'qemu' | 'status';

export interface MdevUse {
  /** Null = nothing names the guest. */
  readonly guest: string | null;
  readonly source: UseSource;
  /** The guest began with it; else it got it while it ran. */
  readonly fromStart: boolean;
  readonly evidence: Evidence;
}

/** A process that may be a guest. */
export interface SeenProcess {
  readonly pid: number;
  /** From its command line. */
  readonly name: string | undefined;
  readonly mdevs: readonly string[];
  /** Targets of its descriptors below /dev/vfio: `/dev/vfio/7`, `/dev/vfio/devices/vfio3`; undefined when they cannot be read. */
  readonly devices: readonly string[] | undefined;
  /** Mdevs that the kernel names for its descriptors (7.3: `vfio-device-syspath` in fdinfo). */
  readonly named: readonly string[];
  /** It began after the look before, or so short before it that it was not complete then. */
  readonly isYoung: boolean;
  /** It has no descriptors any more: it is about to end. */
  readonly isEnding: boolean;
}

/** The device files of an mdev. */
export interface MdevDevice {
  readonly uuid: string;
  /** As in /dev/vfio: the number of its group, and `devices/vfio3`. */
  readonly devices: readonly string[];
}

export interface GuestSigns {
  readonly processes: readonly SeenProcess[];
  /** Undefined when they cannot be read, or there is no libvirt. */
  readonly domains: readonly DomainStatus[] | undefined;
  readonly devices: readonly MdevDevice[];
}

const MAX_NAME = 255;

/** Puts together what was seen. The sources are asked in their order; the first that knows a user of an mdev decides. */
export function guestsOf(host: ObservedHost, signs: GuestSigns): Guests {
  const { processes, domains } = signs;
  const uses = new Map<string, MdevUse>();
  const add = (uuid: string, use: MdevUse): void => {
    if (!uses.has(uuid)) uses.set(uuid, use);
  };
  const status = statusOf(host);
  for (const process of processes) ofProcess(process, signs, add);
  for (const domain of domains ?? []) ofDomain(domain, processes, add);
  for (const process of processes) ofCommandLine(process, add);
  // The kernel knows it better than what was written down at the start; an open descriptor alone is no guest yet.
  for (const [uuid, use] of uses)
    if (use.source !== 'process' && status.get(uuid) === 'assigned') uses.delete(uuid);
  for (const [uuid, text] of status)
    if (text === 'in use')
      add(uuid, {
        guest: null,
        source: 'status',
        fromStart: true,
        evidence: sign('status', 'a queue is in use'),
      });
  const areDescriptorsKnown = processes.every(({ devices }) => devices !== undefined);
  const mdevs = (host.mdevs ?? []).map(({ uuid }) => uuid);
  const isUnknown = (uuid: string): boolean =>
    !uses.has(uuid) && !status.has(uuid) && !areDescriptorsKnown && domains === undefined;
  return {
    uses,
    unknown: new Set(mdevs.filter(isUnknown)),
    running: new Set([
      ...processes.flatMap(({ name, isEnding }) => (name === undefined || isEnding ? [] : [cut(name)])),
      ...(domains ?? []).filter(({ pid }) => !isOver(pid, processes)).map(({ name }) => cut(name)),
    ]),
  };
}

type Add = (uuid: string, use: MdevUse) => void;

const sign = (source: Evidence['source'], text: string, pid?: number): Evidence => ({
  source,
  text,
  ...(pid === undefined ? {} : { pid }),
});
const cut = (name: string): string => name.slice(0, MAX_NAME);

/** libvirt deletes its file a little later than the process ends. */
const isOver = (pid: number | undefined, processes: readonly SeenProcess[]): boolean =>
  pid !== undefined && processes.some((process) => process.pid === pid && process.isEnding);

function ofProcess(process: SeenProcess, { devices, domains }: GuestSigns, add: Add): void {
  const { pid, devices: open = [], named, mdevs, isYoung } = process;
  const guest = process.name ?? domains?.find((domain) => domain.pid === pid)?.name ?? null;
  for (const device of devices) {
    const target = open.find((path) => device.devices.some((own) => path === `/dev/vfio/${own}`));
    if (target === undefined && !named.includes(device.uuid)) continue;
    add(device.uuid, {
      guest: guest === null ? null : cut(guest),
      source: 'process',
      fromStart: isYoung || mdevs.includes(device.uuid),
      evidence: sign('process', `process ${pid} has ${target ?? `mdev ${device.uuid}`} open`, pid),
    });
  }
}

function ofDomain({ name, pid, mdevs }: DomainStatus, processes: readonly SeenProcess[], add: Add): void {
  const process = processes.find((one) => one.pid === pid);
  if (process?.isEnding) return;
  for (const mdev of mdevs)
    add(mdev, {
      guest: cut(name),
      source: 'domain',
      fromStart: process === undefined || process.isYoung || process.mdevs.includes(mdev),
      evidence: sign('domain', `libvirt's domain ${cut(name)}`, pid),
    });
}

/** With readable descriptors a command line says nothing more: the device may have been given back since. */
function ofCommandLine({ pid, name, mdevs, devices, isEnding }: SeenProcess, add: Add): void {
  if (name === undefined || devices !== undefined || isEnding) return;
  for (const mdev of mdevs)
    add(mdev, {
      guest: cut(name),
      source: 'qemu',
      fromStart: true,
      evidence: sign('qemu', `the command line of process ${pid}`, pid),
    });
}

/** What a queue of each mdev's guest matrix says. */
function statusOf({ mdevs = [], queues }: ObservedHost): Map<string, string> {
  const known = queues.filter(({ status }) => status === 'in use' || status === 'assigned');
  return new Map(
    mdevs.flatMap(({ uuid, guestMatrix }) => {
      const inside =
        guestMatrix === undefined
          ? []
          : known.filter(({ queue }) => matrixHas(guestMatrix, apidOf(queue), apqiOf(queue)));
      const status = inside.find((queue) => queue.status === 'in use') ?? inside[0];
      return status?.status === undefined ? [] : [[uuid, status.status] as const];
    }),
  );
}
