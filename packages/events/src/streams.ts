/** Hosts and their streams: what happens on a host is one stream of the log. */

const PREFIX = 'host-';

/** The stream of a host. */
export const streamOf = (host: string): string => PREFIX + host;

/** The host of a stream; undefined when the stream is none of a host. */
export const hostOf = (stream: string): string | undefined =>
  stream.startsWith(PREFIX) ? stream.slice(PREFIX.length) : undefined;
