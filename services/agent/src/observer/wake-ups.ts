/**
 * What tells that it is time to look: watches on folders of /sys, /etc and /run, the kernel's count of uevents, and a timer. None of it
 * is a record of anything: the truth is in what is read afterwards.
 */
import { closeSync, type FSWatcher, openSync, readSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Hint } from '@apledger/observe';
import { MATRIX } from '@apledger/observe';
import { namesIn, tried } from '../files/quiet.ts';
import type { Roots } from '../roots.ts';

/** A command often writes several files. */
const DEBOUNCE_MS = 20;
const UEVENTS_EVERY_MS = 200;
/** The safety net, and for what no watch tells of. */
const LOOK_EVERY_MS = 1000;

const TYPE = `${MATRIX}/mdev_supported_types/vfio_ap-passthrough`;
const MDEV = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** At most so many hints between two looks: beyond, only that something was written is known. */
const MAX_HINTS = 10_000;

export interface WakeUpOptions {
  readonly roots: Roots;
  /** Look soon. */
  readonly wake: () => void;
  readonly now: () => Date;
}

export class WakeUps {
  readonly #options: WakeUpOptions;
  readonly #watches = new Map<string, { readonly watcher: FSWatcher; readonly inode: number }>();
  readonly #timers: NodeJS.Timeout[] = [];
  #soon: NodeJS.Timeout | undefined;
  #hints: Hint[] = [];
  #events = 0;
  #uevents: number | undefined;
  #uevent = '';
  #isOn = false;

  constructor(options: WakeUpOptions) {
    this.#options = options;
  }

  /** Watches first: what happens from here on is not missed by the look that follows. */
  start(): void {
    this.#isOn = true;
    this.refresh();
    this.#uevents = openIfThere(join(this.#options.roots.sysfs, 'kernel/uevent_seqnum'));
    this.#uevent = this.#readUevents();
    const every = (ms: number, work: () => void): void => void this.#timers.push(setInterval(work, ms));
    every(UEVENTS_EVERY_MS, () => this.#askUevents());
    every(LOOK_EVERY_MS, this.#options.wake);
  }

  /** Watches folders that came since; those that went and came back have another inode. */
  refresh(): void {
    if (!this.#isOn) return;
    for (const [folder, sysfs] of this.#folders()) this.#watch(folder, sysfs);
    for (const [folder, { watcher, inode }] of this.#watches)
      if (inodeOf(folder) !== inode) {
        watcher.close();
        this.#watches.delete(folder);
      }
  }

  /** What fired since the last call, in its order. */
  take(): readonly Hint[] {
    const hints = this.#hints;
    this.#hints = [];
    return hints;
  }

  /** Whether so much fired since the last call that the kernel, which keeps 16,384 events, or we may have dropped something. */
  takeLoss(): boolean {
    const isLossy = this.#events >= MAX_HINTS;
    this.#events = 0;
    return isLossy;
  }

  stop(): void {
    this.#isOn = false;
    for (const { watcher } of this.#watches.values()) watcher.close();
    this.#watches.clear();
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#soon);
    if (this.#uevents !== undefined) closeSync(this.#uevents);
    this.#uevents = undefined;
  }

  /** Each folder, and its name below the root of sysfs if it is there. */
  *#folders(): Generator<readonly [string, string | undefined]> {
    const { sysfs, dev, etc, run } = this.#options.roots;
    const inSysfs = (name: string) => [join(sysfs, name), name] as const;
    yield inSysfs('bus/ap');
    for (const driver of ['vfio_ap', 'cex4queue']) yield inSysfs(`bus/ap/drivers/${driver}`);
    yield inSysfs(TYPE);
    for (const name of namesIn(join(sysfs, MATRIX)) ?? [])
      if (MDEV.test(name)) yield inSysfs(`${MATRIX}/${name}`);
    for (const name of namesIn(join(sysfs, 'devices/ap')) ?? [])
      if (name.startsWith('card')) yield inSysfs(`devices/ap/${name}`);
    for (const other of [join(dev, 'vfio'), join(etc, 'mdevctl.d/matrix'), join(run, 'libvirt/qemu')])
      yield [other, undefined];
  }

  #watch(folder: string, sysfs: string | undefined): void {
    const inode = inodeOf(folder);
    const known = this.#watches.get(folder);
    if (inode === undefined || known?.inode === inode) return;
    known?.watcher.close();
    try {
      const watcher = watch(folder, { persistent: false }, (type, name) => this.#fired(sysfs, type, name));
      watcher.on('error', () => {
        watcher.close();
        this.#watches.delete(folder);
      });
      this.#watches.set(folder, { watcher, inode });
    } catch {
      this.#watches.delete(folder); // It went meanwhile, or may not be watched: the timer sees to it.
    }
  }

  #fired(sysfs: string | undefined, type: string, name: string | null): void {
    this.#events++;
    if (sysfs !== undefined && type === 'change' && name !== null && this.#hints.length < MAX_HINTS)
      this.#hints.push({ file: `${sysfs}/${name}`, at: this.#options.now().toISOString() });
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#options.wake();
    }, DEBOUNCE_MS);
  }

  #askUevents(): void {
    const uevent = this.#readUevents();
    if (uevent === this.#uevent) return;
    this.#uevent = uevent;
    this.#options.wake();
  }

  #readUevents(): string {
    if (this.#uevents === undefined) return '';
    const buffer = Buffer.alloc(32);
    return buffer.toString('latin1', 0, readSync(this.#uevents, buffer, 0, buffer.length, 0));
  }
}

const openIfThere = (path: string): number | undefined => tried(() => openSync(path, 'r'));
const inodeOf = (path: string): number | undefined => tried(() => statSync(path).ino);
