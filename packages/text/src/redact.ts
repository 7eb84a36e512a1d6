/** What of a connection string may be shown: never who connects, nor with what. */

const SCHEME = /^[a-z][a-z0-9+.-]*:(?:\/\/)?/i;
/** One or more hosts, each a name or an address with or without a port, and a path of plain names. */
const HOSTS = /^(?:(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d{1,5})?,?)+(?:\/[\w./-]*)?$/i;

/**
 * A connection string without user, password and options: `kurrentdb://host:2113`. What cannot be told apart from a
 * password is left out as well, so a broken string shows no more than its scheme.
 */
export function redacted(connectionString: string): string {
  const text = connectionString.trim();
  const scheme = SCHEME.exec(text)?.[0] ?? '';
  const rest = text.slice(scheme.length);
  // A password may hold any character, so only what follows the last @ is none.
  const hosts = rest.slice(rest.lastIndexOf('@') + 1).replace(/\?.*$/s, '');
  return `${scheme}${HOSTS.test(hosts) ? hosts.replace(/\/$/, '') : '…'}`;
}
