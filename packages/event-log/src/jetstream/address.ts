/** `nats://user:password@host:port,host:port/name?replicas=3` as options. */

import { parseAddress } from '@apledger/nats/address';
import type { JetStreamLogOptions } from '../jetstream.ts';

const FORM =
  'nats://[user:password@]host:port[,host:port…][/name][?replicas=3&creds=FILE&ca=FILE&cert=FILE&key=FILE]';

/** Throws TypeError when the URL is not of the form. */
export function jetStreamOptions(url: string): JetStreamLogOptions {
  const { server, name, parameters } = parseAddress(url, {}, FORM);
  const { replicas, timeoutMs, ...unknown } = Object.fromEntries(parameters);
  const [key] = Object.keys(unknown);
  if (key !== undefined) throw new TypeError(`${key} is no parameter of a log on NATS; the form is ${FORM}`);
  return {
    ...server,
    ...(name === '' ? {} : { name }),
    ...(timeoutMs === undefined ? {} : { timeoutMs: positive(timeoutMs) }),
    ...replicasOf(replicas),
  };
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
