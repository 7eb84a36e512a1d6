/** The AP part of sysfs, read so that it costs little when nothing changed. */
import {
  BUS,
  type CapturedFile,
  DEVICES,
  MDEVS,
  mdevsOf,
  type Problem,
  type TreeTaker,
  takeBus,
  takeCards,
  takeMdevs,
  treeWitness,
} from '@apledger/capture';
import type { LiveFiles } from './live-files.ts';

type Files = Map<string, CapturedFile>;

const DRIVER_LINK = /\/([0-9a-f]{2}\.[0-9a-f]{4})\/driver$/;
const SILENT = /\/(?:chkstop|driver_override)$/;
/** Counts each scan, also one that found nothing. */
const COUNTER = `${BUS}/scans`;
const FIRST_QUEUE = /^([0-9a-f]{2})\.[0-9a-f]{4}$/m;

export class TreeFiles implements TreeTaker {
  readonly #live: LiveFiles;
  readonly #readsUnbounded: boolean;
  /** Of cards and queues; read anew only when something says so. */
  #devices: Files = new Map();
  #scans: string | undefined;
  #uevents: string | undefined;
  #ueventsOfDevices: string | undefined;
  /** Everything else. */
  #quick: Files = new Map();
  #into: Files = this.#quick;
  /** The driver of each queue. */
  #drivers = new Map<string, string>();
  #bindings = '';
  /** What was not read on purpose. */
  unread: Problem[] = [];

  constructor(live: LiveFiles, readsUnbounded: boolean) {
    this.#live = live;
    this.#readsUnbounded = readsUnbounded;
  }

  /** Everything that was read, by path. */
  get files(): Files {
    return new Map([...this.#devices, ...this.#quick]);
  }

  read(path: string): string | undefined {
    return this.#live.text(path);
  }

  take(path: string): string | undefined {
    // One queue of each mdev tells of its guest, at each look. The others would tell of the last look at all queues.
    if (this.#into === this.#devices && path.endsWith('/status')) return undefined;
    const text = this.#live.text(path);
    if (text !== undefined) this.#into.set(path, { text });
    return text;
  }

  takeLink(path: string): void {
    const queue = DRIVER_LINK.exec(path)?.[1];
    const target = queue === undefined ? this.#live.link(path) : this.#linkOf(queue);
    if (target !== undefined) this.#into.set(path, { target });
  }

  names(path: string): readonly string[] {
    return this.#live.names(path);
  }

  problem(where: string, what: string): void {
    this.unread.push({ where, what });
  }

  /** Reads once. `whole`: cards and queues, too. Undefined when the host changed meanwhile; else whether anything is new. */
  once(whole: boolean): boolean | undefined {
    const before = this.#quick;
    this.unread = [];
    this.#quick = new Map();
    this.#into = this.#quick;
    takeBus(this);
    takeMdevs(this, { readsUnbounded: this.#readsUnbounded, isFirst: true });
    // Drivers get and lose queues with uevents only, and devices come and go in scans only.
    const uevents = this.#live.text('sys/kernel/uevent_seqnum');
    const isUnknown = whole || uevents === undefined;
    const areBound = (isUnknown || uevents !== this.#uevents) && this.#readBindings();
    const scans = textIn(this.#quick, COUNTER);
    const isDue = whole || scans === undefined || scans !== this.#scans;
    // A scan sends its uevents before it counts itself: a look may lie in between.
    const areNew = isUnknown || uevents !== this.#ueventsOfDevices;
    const areOthers = isDue && (areNew ? this.#readDevices(uevents) : this.#readSilent());
    this.#into = this.#quick;
    for (const uuid of mdevsOf(this)) this.#takeStatus(uuid);
    const seen = treeWitness({
      read: (path) => textIn(this.#quick, path),
      names: (path) => this.names(path),
    });
    if (treeWitness(this) !== seen) return undefined;
    [this.#scans, this.#uevents] = [scans, uevents];
    return areBound || areOthers || !sameFiles(before, this.#quick, COUNTER);
  }

  /** Links in the folders of drivers: three listings instead of a link of each queue. True when they changed. */
  #readBindings(): boolean {
    const drivers = this.#live.names(`${BUS}/drivers`);
    const listed = drivers.map((driver) => [driver, this.#live.names(`${BUS}/drivers/${driver}`)] as const);
    const text = JSON.stringify(listed);
    if (text === this.#bindings) return false;
    this.#bindings = text;
    this.#drivers = new Map(
      listed.flatMap(([driver, names]) => names.map((name) => [name, driver] as const)),
    );
    for (const path of this.#devices.keys()) {
      const queue = /\/([0-9a-f]{2}\.[0-9a-f]{4})\/config$/.exec(path)?.[1];
      if (queue === undefined) continue;
      const link = `${path.slice(0, -'config'.length)}driver`;
      const target = this.#linkOf(queue);
      if (target === undefined) this.#devices.delete(link);
      else this.#devices.set(link, { target });
    }
    return true;
  }

  #linkOf(queue: string): string | undefined {
    const driver = this.#drivers.get(queue);
    return driver === undefined ? undefined : `../../../../bus/ap/drivers/${driver}`;
  }

  #readDevices(uevents: string | undefined): boolean {
    this.#ueventsOfDevices = uevents;
    const before = this.#devices;
    this.#devices = new Map();
    this.#into = this.#devices;
    takeCards(this);
    return !sameFiles(before, this.#devices);
  }

  /** What scans and people change without any uevent. */
  #readSilent(): boolean {
    let isNew = false;
    for (const path of this.#devices.keys()) {
      if (!SILENT.test(path)) continue;
      const text = this.#live.text(path);
      isNew ||= text !== textIn(this.#devices, path);
      if (text === undefined) this.#devices.delete(path);
      else this.#devices.set(path, { text });
    }
    return isNew;
  }

  /** Of one queue that the guest has: whether there is a guest. */
  #takeStatus(uuid: string): void {
    const text = textIn(this.#quick, `${MDEVS}/${uuid}/guest_matrix`) ?? '';
    const [queue, card] = FIRST_QUEUE.exec(text) ?? [];
    if (queue !== undefined) this.take(`${DEVICES}/card${card}/${queue}/status`);
  }
}

function textIn(files: Files, path: string): string | undefined {
  const file = files.get(path);
  return file !== undefined && 'text' in file ? file.text : undefined;
}

function sameFiles(a: Files, b: Files, except?: string): boolean {
  if (a.size !== b.size) return false;
  for (const [path, file] of a) {
    if (path === except) continue;
    const other = b.get(path);
    if (other === undefined) return false;
    if (
      'text' in file
        ? !('text' in other) || other.text !== file.text
        : !('target' in other) || other.target !== file.target
    )
      return false;
  }
  return true;
}
