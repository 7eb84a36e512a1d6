/** `nats://user:password@host:port,host:port/name?replicas=3` as options. */

import type { JetStreamLogOptions } from '../jetstream.ts';

const FORM =
  'nats://[user:password@]host:port[,host:port…][/name][?replicas=3&creds=FILE&ca=FILE&cert=FILE&key=FILE]';
const KNOWN = new Set(['replicas', 'creds', 'ca', 'cert', 'key', 'timeoutMs']);
const ADDRESS = /^(nats|tls):\/\/(?:([^@/]*)@)?([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/i;

/** Throws TypeError when the URL is not of the form. */
export function jetStreamOptions(url: string): JetStreamLogOptions {
  const match = ADDRESS.exec(url);
  if (match === null) throw new TypeError(`not the address of a log on NATS; the form is ${FORM}`);
  const [, scheme = '', login = '', hosts = '', name = '', query = ''] = match;
  const parameters = new URLSearchParams(query);
  for (const key of parameters.keys()) {
    if (!KNOWN.has(key)) throw new TypeError(`${key} is no parameter of a log on NATS; the form is ${FORM}`);
  }
  const [user, password] = login.split(':').map(decodeURIComponent);
  const given = (key: string): string | undefined => parameters.get(key) ?? undefined;
  const [caFile, certFile, keyFile] = [given('ca'), given('cert'), given('key')];
  const hasTls =
    scheme.toLowerCase() === 'tls' || [caFile, certFile, keyFile].some((file) => file !== undefined);
  const tls = {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
  };
  const credentialsFile = given('creds');
  const timeoutMs = given('timeoutMs');
  return {
    servers: hosts.split(',').map((host) => `${scheme}://${host}`),
    ...(name === '' ? {} : { name: decodeURIComponent(name) }),
    ...loginOf(user, password),
    ...(credentialsFile === undefined ? {} : { credentialsFile }),
    ...(hasTls ? { tls } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs: positive(timeoutMs) }),
    ...replicasOf(given('replicas')),
  };
}

/** One word before the @ is a token, two are a user and a password. */
function loginOf(user = '', password?: string): Pick<JetStreamLogOptions, 'user' | 'password' | 'token'> {
  if (password !== undefined) return { user, password };
  return user === '' ? {} : { token: user };
}

function replicasOf(text: string | undefined): Pick<JetStreamLogOptions, 'replicas'> {
  if (text === undefined) return {};
  if (text === '1') return { replicas: 1 };
  if (text === '3') return { replicas: 3 };
  throw new TypeError(`replicas must be 1 or 3: ${text}`);
}

function positive(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new TypeError(`timeoutMs must be a number of milliseconds: ${text}`);
}
