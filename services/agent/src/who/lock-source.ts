/** /run/lock/s390apconfig.lock: chzdev, lszdev and ap-check (for mdevctl) hold it while they work, and it has their pid. */
import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { textOf } from '../files/quiet.ts';
import { AP_LOCK, type Roots } from '../roots.ts';
import type { Source } from './evidence.ts';
import { actorOf, commandOf } from './identity.ts';
import { processFiles, userNames } from './process-files.ts';
import type { Sign } from './sign.ts';

/** It takes the lock to read. */
const READER = /(?:^|\/)lszdev$/;

/** Watches the lock. Where its folder cannot be watched, only `refresh` sees it. */
export class LockSource implements Source {
  readonly #roots: Pick<Roots, 'run' | 'proc' | 'etc'>;
  readonly #add: (sign: Sign) => void;
  readonly #now: () => number;
  readonly #watcher: FSWatcher | undefined;
  /** The sign of who holds it; its end is set when the lock is gone. */
  #held: (Sign & { to: number }) | undefined;

  constructor(roots: Pick<Roots, 'run' | 'proc' | 'etc'>, add: (sign: Sign) => void, now: () => number) {
    this.#roots = roots;
    this.#add = add;
    this.#now = now;
    this.#watcher = this.#watch();
    this.refresh();
  }

  get isWatching(): boolean {
    return this.#watcher !== undefined;
  }

  refresh(): void {
    const pid = this.#holder();
    const now = this.#now();
    if (this.#held !== undefined && this.#held.pid !== pid) {
      this.#held.to = now;
      this.#held = undefined;
    }
    if (pid === undefined || this.#held !== undefined) return;
    const process = processFiles(this.#roots.proc, pid);
    const [program = ''] = process.cmdline?.split('\0') ?? [];
    if (READER.test(program)) return;
    this.#held = {
      source: 'lock',
      from: now,
      to: Number.POSITIVE_INFINITY,
      actor: actorOf(process, userNames(this.#roots.etc)),
      pid,
      text: commandOf(process),
    };
    this.#add(this.#held);
  }

  close(): void {
    this.#watcher?.close();
  }

  #holder(): number | undefined {
    const { folder, name } = AP_LOCK;
    const pid = Number.parseInt(textOf(join(this.#roots.run, folder, name)) ?? '', 10);
    return pid > 0 ? pid : undefined;
  }

  #watch(): FSWatcher | undefined {
    try {
      const watcher = watch(join(this.#roots.run, AP_LOCK.folder), { persistent: false }, (_, name) => {
        if (name === AP_LOCK.name) this.refresh();
      });
      return watcher.on('error', () => watcher.close());
    } catch {
      return undefined;
    }
  }
}
