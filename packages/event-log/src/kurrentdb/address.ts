/**
 * The connection string, as KurrentDB's clients take it:
 *
 *     kurrentdb[+discover]://[user:password@]host[:2113][,host…][?option=value&…]
 *
 * Read here and not by the official client, which prints it to the console with its password. User and password are
 * percent-encoded; a raw `/ ? # @ : %` in them is refused, since none can say where they end.
 */

import { readFileSync } from 'node:fs';
import { redacted } from '@apledger/text';
import { LogError } from '../errors.ts';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface Address {
  readonly hosts: readonly Endpoint[];
  /** The leader is looked for by gossip before the first call, and not only when a host fails. */
  readonly discovers: boolean;
  readonly user: { readonly name: string; readonly password: string } | undefined;
  readonly tls: boolean;
  /** False for `tlsVerifyCert=false`: any certificate will do. */
  readonly verifies: boolean;
  readonly authority: Buffer | undefined;
  readonly certificate: Buffer | undefined;
  readonly key: Buffer | undefined;
  readonly keepAliveMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly gossipTimeoutMs: number;
  readonly deadlineMs: number | undefined;
  readonly connectionName: string | undefined;
  /** For messages: no credentials, no options. */
  readonly place: string;
}

const SCHEME = /^(?:esdb|kurrentdb|kurrent|kdb)(\+discover)?:\/\//i;
const HOST = /^(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i;
const DEFAULT_PORT = 2113;
const KEEP_ALIVE_MS = 10_000;
const GOSSIP_TIMEOUT_MS = 2_000;
const ENCODE = 'percent-encode it (encodeURIComponent)';

export const sameEndpoint = (a: Endpoint | undefined, b: Endpoint | undefined): boolean =>
  a?.host === b?.host && a?.port === b?.port;

/** As gRPC takes it; gossip gives IPv6 addresses without brackets. */
export const targetOf = ({ host, port }: Endpoint): string =>
  /^[^[].*:/.test(host) ? `[${host}]:${port}` : `${host}:${port}`;

/** Throws LogError `io` for a string that cannot be connected to; no message holds anything of it but hosts. */
export function addressOf(connectionString: string): Address {
  const place = redacted(connectionString);
  try {
    return parsed(connectionString.trim(), place);
  } catch (error) {
    const reason = error instanceof WrongAddress ? error.message : 'it cannot be read';
    throw new LogError('io', place, `cannot be connected to: ${reason}`, {
      remedy: 'correct the connection string',
    });
  }
}

/** Its message says what is wrong without the text that is. */
class WrongAddress extends Error {}

function parsed(text: string, place: string): Address {
  const scheme = SCHEME.exec(text);
  if (scheme === null) throw new WrongAddress('it begins with kurrentdb:// or esdb://');
  const rest = text.slice(scheme[0].length);
  const at = rest.lastIndexOf('@');
  const [hosts = '', ...queries] = rest.slice(at + 1).split('?');
  if (queries.length > 1) throw new WrongAddress('it has more than one ?');
  const options = optionsOf(queries[0] ?? '');
  checkPreference(options.get('nodepreference'));
  const names = hosts.replace(/\/+$/, '').split(/[,/]/);
  return {
    hosts: names.map(endpointOf),
    discovers: scheme[1] !== undefined || names.length > 1,
    user: at < 0 ? undefined : userOf(rest.slice(0, at)),
    tls: flag(options, 'tls'),
    verifies: flag(options, 'tlsverifycert'),
    authority: file(options, 'tlsCAFile'),
    certificate: file(options, 'userCertFile'),
    key: file(options, 'userKeyFile'),
    keepAliveMs: number(options, 'keepaliveinterval') ?? KEEP_ALIVE_MS,
    keepAliveTimeoutMs: number(options, 'keepalivetimeout') ?? KEEP_ALIVE_MS,
    gossipTimeoutMs: seconds(options, 'gossiptimeout') ?? GOSSIP_TIMEOUT_MS,
    deadlineMs: number(options, 'defaultdeadline'),
    connectionName: options.get('connectionname'),
    place,
  };
}

function userOf(text: string): Address['user'] {
  const [name = '', password, ...more] = text.split(':');
  if (/[/?#@]/.test(text)) throw new WrongAddress(`user or password holds a raw / ? # or @: ${ENCODE}`);
  if (more.length > 0) throw new WrongAddress(`the password holds a raw colon: ${ENCODE}`);
  if (password === undefined || password === '') throw new WrongAddress('it names a user without a password');
  return { name: decoded(name), password: decoded(password) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new WrongAddress(`user, password or an option holds a raw %: ${ENCODE}`);
  }
}

function endpointOf(text: string): Endpoint {
  const [, host, port = String(DEFAULT_PORT)] = HOST.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535 || Number(port) === 0)
    throw new WrongAddress('a host is a name or an address, with or without :port');
  return { host, port: Number(port) };
}

/** By name in lower case. */
function optionsOf(query: string): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const option of query.split('&').filter((text) => text !== '')) {
    const [name = '', value, ...more] = option.split('=');
    if (value === undefined || more.length > 0) throw new WrongAddress('options are name=value, joined by &');
    options.set(name.trim().toLowerCase(), decoded(value.trim()));
  }
  return options;
}

function flag(options: ReadonlyMap<string, string>, name: string): boolean {
  const value = options.get(name) ?? 'true';
  if (value !== 'true' && value !== 'false') throw new WrongAddress(`${name} is true or false`);
  return value === 'true';
}

function number(options: ReadonlyMap<string, string>, name: string): number | undefined {
  const value = options.get(name);
  if (value === undefined) return undefined;
  if (!/^-?\d{1,9}$/.test(value)) throw new WrongAddress(`${name} is a whole number`);
  return Number(value);
}

function seconds(options: ReadonlyMap<string, string>, name: string): number | undefined {
  const value = number(options, name);
  return value === undefined ? undefined : value * 1000;
}

function file(options: ReadonlyMap<string, string>, name: string): Buffer | undefined {
  const path = options.get(name.toLowerCase());
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch {
    throw new WrongAddress(`${name} names a file that cannot be read`);
  }
}

function checkPreference(preference = 'leader'): void {
  if (preference.toLowerCase() !== 'leader')
    throw new WrongAddress('nodePreference is leader for a log: other nodes lag behind what was appended');
}
