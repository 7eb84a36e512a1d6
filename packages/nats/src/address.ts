/**
 * `nats://user:password@host:port,host:port/name?ca=FILE` as options. Loads no client.
 *
 * What does not parse may hold a password in any place, so no message repeats any part of an address.
 */

import { readFileSync } from 'node:fs';
import { errorText } from '@apledger/text';

const FORM =
  'nats://[user:password@]host:port[,host:port…] or tls://…, with ?creds=FILE&nkey=FILE&ca=FILE&cert=FILE&key=FILE as needed';
const ENCODE =
  'percent-encode what is special in user, password and files: %40 for @, %2F for /, %3F for ?, %23 for #, %25 for %';

/** How to reach the servers, and as whom. */
export interface ServerOptions {
  /** `nats://host:port`, `tls://host:port` or `host:port`; any one that answers will do. Without credentials. */
  readonly servers: string | readonly string[];
  /** With a user, answers come on `_INBOX.<user>.>`: a server can then keep users from reading those of others. */
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** File with a JWT and its seed, as `nsc` writes it. */
  readonly credentialsFile?: string;
  /** File with the seed of an nkey (SU…): `user` is then only the name of the inbox. */
  readonly nkeyFile?: string;
  /** Files in PEM: whom to trust, and who this client is. */
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
}

/** The files of a connection, where they are not in its address. */
export interface ConnectionFiles {
  readonly creds?: string | undefined;
  readonly nkey?: string | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface Address {
  readonly server: ServerOptions;
  /** What stands between the servers and the question mark; empty when nothing does. */
  readonly name: string;
  /** Parameters besides the files. */
  readonly parameters: ReadonlyMap<string, string>;
}

const ADDRESS = /^(?:(nats|tls):\/\/)?(?:([^@/?#]*)@)?([^@/?#\s]+)(?:\/([^@?#]*))?(?:\?([^@#]*))?$/i;
const HOST = /^(?:\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i;
const FILES = ['creds', 'nkey', 'ca', 'cert', 'key'] as const;

/** Throws TypeError when the address is not of the form; `form` says what it is. */
export function parseAddress(address: string, files: ConnectionFiles = {}, form = FORM): Address {
  const [, scheme = 'nats', login, hosts = '', name = '', query = ''] = ADDRESS.exec(address) ?? [];
  const servers = hosts.split(',');
  if (!servers.every((host) => HOST.test(host))) {
    const reason = address.includes('@') ? ENCODE : `the form is ${form}`;
    throw new TypeError(`not the address of a NATS server: ${reason}`);
  }
  const parameters = new Map(new URLSearchParams(query));
  const given: { creds?: string; nkey?: string; ca?: string; cert?: string; key?: string } = {};
  for (const key of FILES) {
    const file = files[key] ?? parameters.get(key);
    if (file !== undefined) given[key] = file;
    parameters.delete(key);
  }
  const server = {
    servers: servers.map((host) => `${scheme}://${host}`),
    ...loginOf(login, given.nkey !== undefined),
    ...(given.creds === undefined ? {} : { credentialsFile: given.creds }),
    ...(given.nkey === undefined ? {} : { nkeyFile: given.nkey }),
    ...tlsOf(scheme, given),
  };
  return { server, name: decoded(name), parameters };
}

/**
 * The text itself, or of `@FILE` the first line of the file: what a command line holds, everybody on the machine can read. Throws
 * TypeError for a file that cannot be read.
 */
export function textOrFile(text: string): string {
  if (!text.startsWith('@')) return text;
  try {
    return readFileSync(text.slice(1), 'utf8').split('\n')[0]?.trim() ?? '';
  } catch (error) {
    throw new TypeError(`${text}: the file cannot be read: ${errorText(error)}`);
  }
}

/** The servers of an address that names nothing else. Throws TypeError when it is none. */
export function natsServers(address: string, files?: ConnectionFiles): ServerOptions {
  const { server, name, parameters } = parseAddress(textOrFile(address), files);
  if (name === '' && parameters.size === 0) return server;
  throw new TypeError(`an address of NATS servers names nothing else; the form is ${FORM}`);
}

/** One word before the @ is a token, or with an nkey the name of the inbox; two are a user and a password. */
function loginOf(
  login: string | undefined,
  hasKey: boolean,
): Pick<ServerOptions, 'user' | 'password' | 'token'> {
  if (login === undefined || login === '') return {};
  const [user = '', password] = login.split(/:(.*)/s).map(decoded);
  if (password !== undefined) return { user, password };
  return hasKey ? { user } : { token: user };
}

function tlsOf(scheme: string, { ca, cert, key }: ConnectionFiles): Pick<ServerOptions, 'tls'> {
  const files = {
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(cert === undefined ? {} : { certFile: cert }),
    ...(key === undefined ? {} : { keyFile: key }),
  };
  return scheme.toLowerCase() === 'tls' || Object.keys(files).length > 0 ? { tls: files } : {};
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError(`not the address of a NATS server: ${ENCODE}`);
  }
}
