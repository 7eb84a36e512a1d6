/** Loopback, and nothing else, unless access is controlled: anyone who reaches the service may do everything then. */
import { BlockList, isIP } from 'node:net';
import { Failure } from '@apledger/command-line';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const isLoopback = (address: string): boolean => {
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 4 ? 'ipv4' : 'ipv6');
};

/**
 * The address to bind; `isSecured` says that requests are encrypted and everybody is known. Throws Failure(2) for one that other
 * machines could reach without that.
 */
export function bindAddress(text: string, isSecured = false): string {
  if (isLoopback(text) || (isSecured && isIP(text) !== 0)) return text;
  if (isSecured)
    throw new Failure(2, `--host ${text}: not an IP address; 0.0.0.0 and :: stand for all of this machine.`);
  throw new Failure(
    2,
    `--host ${text}: the service binds loopback addresses only (127.0.0.0/8, ::1) unless everybody signs in over TLS: give --access, --tls-cert and --tls-key (docs/access.md). Without them there is no access control: everybody who reaches it may change every host. To reach it from elsewhere as it is, forward the port: ssh -L 8642:127.0.0.1:8642 MACHINE.`,
  );
}

/** The name in a Host header, without the port; undefined for what is none. */
export const hostNameIn = (header: string): string | undefined =>
  /^(\[[0-9a-f:]+\]|[^:[\]]+)(:\d{1,5})?$/i.exec(header)?.[1]?.toLowerCase();

/** Whether a Host header names this machine to itself: a page that had its name re-bound to 127.0.0.1 sends its own. */
export function isLocalHost(header: string): boolean {
  const name = hostNameIn(header);
  if (name === undefined) return false;
  return name === 'localhost' || isLoopback(name.replace(/^\[|\]$/g, ''));
}
