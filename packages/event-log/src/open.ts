/** Opens the log that a URL names. The clients of servers are loaded only when a URL asks for one. */

import { redacted } from '@apledger/text';
import { openJetStreamLog } from './jetstream.ts';
import { type KurrentOptions, openKurrentLog } from './kurrentdb.ts';
import { openMemoryLog } from './memory.ts';
import type { EventLog } from './port.ts';
import type { Report } from './private-files.ts';
import { openSqliteLog } from './sqlite.ts';

const KNOWN = 'sqlite:DIRECTORY, memory:, nats://HOST:PORT[/NAME], kurrentdb://HOST:PORT';

/** `directory` and `onSearch` are what a log of servers may use of this machine; see KurrentOptions. */
export interface OpenOptions extends Pick<KurrentOptions, 'directory' | 'onSearch'> {
  /** Only to read; a log that is not there is not made. Servers decide themselves who may write. */
  readonly readOnly?: boolean;
  /** The clock of this process. */
  readonly now?: () => Date;
  /** Gets a line for people about what was mended on the way. */
  readonly report?: Report | undefined;
}

const schemeOf = (url: string): string | undefined => /^([a-z][a-z0-9+-]*):/i.exec(url)?.[1]?.toLowerCase();

/**
 * The directory that a `sqlite:` URL names, percent-encoded where it has to be; undefined for a URL of another kind.
 * Throws TypeError for one that names none.
 */
export function sqliteDirectory(url: string): string | undefined {
  if (schemeOf(url) !== 'sqlite') return undefined;
  const text = url.slice('sqlite:'.length);
  if (text === '') throw new TypeError(`${url}: which directory? sqlite:DIRECTORY`);
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError(`${url}: in a URL, % begins a percent-encoded byte; write %25 for % itself`);
  }
}

/**
 * `sqlite:DIRECTORY`, `memory:`, or servers: `nats://[user:password@]host:port[,host:port…][/name]` (`tls://` for
 * TLS) with `?replicas=3`, `creds=FILE`, `ca=FILE`, `cert=FILE`, `key=FILE` as needed; `kurrentdb://…` is a connection
 * string as KurrentDB's clients take it.
 *
 * Throws TypeError for a URL that names no log, LogError when the log cannot be opened.
 */
export async function openLog(url: string, options: OpenOptions = {}): Promise<EventLog> {
  const directory = sqliteDirectory(url);
  if (directory !== undefined) {
    const { readOnly = false, now, report } = options;
    return openSqliteLog({ readOnly, directory, report, ...(now && { now }) });
  }
  switch (schemeOf(url)) {
    case 'memory':
      return openMemoryLog(options);
    case 'nats':
    case 'tls': {
      const { jetStreamOptions } = await import('./jetstream/address.ts');
      return openJetStreamLog({ ...jetStreamOptions(url), ...(options.now && { now: options.now }) });
    }
    case 'kurrentdb':
    case 'esdb':
    case 'kurrentdb+discover':
    case 'esdb+discover':
      return openKurrentLog({ ...options, connectionString: url });
    default:
      throw new TypeError(`${redacted(url)}: no log of this kind; known are ${KNOWN}`);
  }
}
