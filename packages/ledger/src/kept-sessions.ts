/** What `apledger login` keeps: a session for each service, in a file that nobody else may read. */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Problem } from '@apledger/api';

interface KeptSession {
  readonly secret: string;
  /** RFC 3339. */
  readonly until: string;
}

const OWNER_ONLY = 0o600;
const OWNER_ONLY_DIR = 0o700;

/** $APLEDGER_SESSIONS, else below $XDG_CONFIG_HOME, else below ~/.config. */
const sessionsPath = (): string =>
  process.env.APLEDGER_SESSIONS ??
  join(process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'apledger', 'sessions.json');

const originOf = (server: string): string => new URL(server).origin;

function read(): Record<string, KeptSession> {
  try {
    const kept: unknown = JSON.parse(readFileSync(sessionsPath(), 'utf8'));
    return typeof kept === 'object' && kept !== null ? (kept as Record<string, KeptSession>) : {};
  } catch {
    // None was kept, or somebody else wrote the file: sign in again.
    return {};
  }
}

function write(sessions: Readonly<Record<string, KeptSession>>): void {
  const path = sessionsPath();
  if (Object.keys(sessions).length === 0) {
    rmSync(path, { force: true });
    return;
  }
  mkdirSync(dirname(path), { recursive: true, mode: OWNER_ONLY_DIR });
  const next = `${path}.${process.pid}`;
  writeFileSync(next, JSON.stringify(sessions), { mode: OWNER_ONLY });
  chmodSync(next, OWNER_ONLY);
  renameSync(next, path);
}

/** The session at the service; undefined when nobody has signed in there. */
export const keptSession = (server: string): KeptSession | undefined => read()[originOf(server)];

/** Keeps it in place of an earlier one. */
export const keepSession = (server: string, session: KeptSession): void =>
  write({ ...read(), [originOf(server)]: session });

/** Forgets it here; the service still takes it until it is signed out or ends. */
export function forgetSession(server: string): void {
  const { [originOf(server)]: _, ...others } = read();
  write(others);
}

/**
 * What is shown to a service: $APLEDGER_TOKEN, else the session that was kept for it. Throws Problem where anybody on the way could
 * read it.
 */
export function secretFor(server: string): string | undefined {
  if (!URL.canParse(server)) return undefined;
  const secret = process.env.APLEDGER_TOKEN ?? keptSession(server)?.secret;
  if (secret === undefined) return undefined;
  const { protocol, hostname } = new URL(server);
  if (protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)) return secret;
  throw new Problem(
    400,
    'invalid-request',
    `--server ${server}: a token is shown over https:// only, or to this machine; write https://.`,
  );
}
