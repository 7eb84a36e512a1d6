/** The spool of mdevctl's notifier: /run/apledger/notifier. Each file is read once and removed. */
import { type FSWatcher, rmSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { namesIn, textOf, tried } from '../files/quiet.ts';
import { NOTIFIER_SPOOL, type Roots } from '../roots.ts';
import type { Source } from './evidence.ts';
import { readNotification } from './notifier-record.ts';
import { userNames } from './process-files.ts';
import type { Sign } from './sign.ts';

/** The script writes less; what is longer is not its. */
const MAX_BYTES = 32_768;

export class NotifierSource implements Source {
  readonly #roots: Pick<Roots, 'run' | 'etc'>;
  readonly #add: (sign: Sign) => void;
  readonly #watcher: FSWatcher | undefined;

  constructor(roots: Pick<Roots, 'run' | 'etc'>, add: (sign: Sign) => void) {
    this.#roots = roots;
    this.#add = add;
    this.#watcher = this.#watch();
    this.refresh();
  }

  get isWatching(): boolean {
    return this.#watcher !== undefined;
  }

  refresh(): void {
    const folder = this.#folder();
    // The package makes the folder; without it there is no notifier.
    for (const name of namesIn(folder) ?? []) {
      if (!name.endsWith('.note')) continue;
      const path = join(folder, name);
      const size = tried(() => statSync(path).size) ?? 0;
      const text = size > MAX_BYTES ? undefined : textOf(path);
      rmSync(path, { force: true });
      const sign = text === undefined ? undefined : readNotification(text, userNames(this.#roots.etc));
      if (sign !== undefined) this.#add(sign);
    }
  }

  close(): void {
    this.#watcher?.close();
  }

  #folder(): string {
    return join(this.#roots.run, NOTIFIER_SPOOL);
  }

  #watch(): FSWatcher | undefined {
    try {
      const watcher = watch(this.#folder(), { persistent: false }, () => this.refresh());
      return watcher.on('error', () => watcher.close());
    } catch {
      return undefined;
    }
  }
}
