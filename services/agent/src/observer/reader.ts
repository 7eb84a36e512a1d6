/** One look at a host: every file that tells something, read until nothing changed meanwhile. Runs in the reader's thread. */
import {
  apParameters,
  COMMAND_LINE,
  KERNEL,
  MDEVS,
  mdevsOf,
  type ObservedHost,
  type Problem,
  readBootParameters,
  readTree,
  TREE_TRIES,
} from '@apledger/capture';
import type { MdevDevice } from '@apledger/observe';
import type { Roots } from '../roots.ts';
import { GuestFiles, type GuestFilesSeen } from './guest-files.ts';
import { LiveFiles } from './live-files.ts';
import { TreeFiles } from './tree-files.ts';

export interface ReaderOptions {
  readonly roots: Roots;
  /** Read `matrix` and `guest_matrix` also where no ap_config bounds them. */
  readonly readsUnbounded: boolean;
}

/** `quick`: what a change of masks, bindings, mdevs or guests shows in. `whole`: each card and queue, too. */
export type Scope = 'quick' | 'whole';

export interface Sight {
  /** Undefined: nothing of it changed since the last sight. */
  readonly host: ObservedHost | undefined;
  readonly problems: readonly Problem[];
  readonly boot: string;
  readonly settled: boolean;
  /** UUIDs of mdevs that went away and came back. */
  readonly recreated: readonly string[];
  readonly guests: GuestFilesSeen;
  readonly devices: readonly MdevDevice[];
  /** Uevents of the machine so far; undefined where the kernel does not count them. */
  readonly uevents: number | undefined;
}

export class Reader {
  readonly #live: LiveFiles;
  readonly #tree: TreeFiles;
  readonly #guests: GuestFiles;
  #isFirst = true;
  /** They stay as they are as long as the mdev. */
  readonly #devices = new Map<string, MdevDevice>();

  constructor({ roots, readsUnbounded }: ReaderOptions, reading: (path: string) => void) {
    this.#live = new LiveFiles(roots, reading);
    this.#tree = new TreeFiles(this.#live, readsUnbounded);
    this.#guests = new GuestFiles(this.#live);
  }

  read(scope: Scope): Sight {
    this.#live.problems = [];
    let isNew = false;
    let settled = false;
    for (let tries = 0; tries < TREE_TRIES && !settled; tries++) {
      const change = this.#tree.once(scope === 'whole' || this.#isFirst);
      settled = change !== undefined;
      isNew ||= change !== false;
    }
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    const recreated = [...this.#live.renewed].flatMap(
      (path) => new RegExp(`^${MDEVS}/([0-9a-f-]{36})/`).exec(path)?.[1] ?? [],
    );
    this.#live.renewed.clear();
    const mdevs = mdevsOf(this.#tree);
    for (const uuid of this.#devices.keys()) if (!mdevs.includes(uuid)) this.#devices.delete(uuid);
    const uevents = this.#live.text('sys/kernel/uevent_seqnum');
    const read = isNew || isFirst ? this.#host() : undefined;
    return {
      host: read?.host,
      problems: [...(read?.problems ?? []), ...this.#tree.unread, ...this.#live.problems],
      boot: this.#live.text('proc/sys/kernel/random/boot_id')?.trim() ?? 'unknown',
      settled,
      recreated: [...new Set(recreated)],
      guests: this.#guests.read(scope === 'whole'),
      devices: mdevs.map((uuid) => this.#deviceOf(uuid, scope === 'whole' || recreated.includes(uuid))),
      uevents: uevents === undefined ? undefined : Number(uevents),
    };
  }

  close(): void {
    this.#live.close();
  }

  #host(): { readonly host: ObservedHost; readonly problems: readonly Problem[] } {
    const { host, problems } = readTree(this.#tree.files);
    // The rest of the command line is not ours to keep.
    const boot = readBootParameters(apParameters(this.#live.text(COMMAND_LINE) ?? ''), COMMAND_LINE);
    const kernel = this.#live.text(KERNEL)?.trim().slice(0, 100);
    return { host: { ...host, kernel, boot: boot.host.boot }, problems };
  }

  #deviceOf(uuid: string, isOther: boolean): MdevDevice {
    const known = isOther ? undefined : this.#devices.get(uuid);
    if (known !== undefined && known.devices.length > 0) return known;
    const group = this.#live.link(`${MDEVS}/${uuid}/iommu_group`)?.split('/').at(-1);
    const devices = this.#live.names(`${MDEVS}/${uuid}/vfio-dev`).map((name) => `devices/${name}`);
    const device = { uuid, devices: [...(group === undefined ? [] : [group]), ...devices] };
    this.#devices.set(uuid, device);
    return device;
  }
}
