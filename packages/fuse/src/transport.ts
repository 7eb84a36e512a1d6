/**
 * /dev/fuse as a stream of messages. Each read gives one request, each write is one reply.
 *
 * "epoll" reads on the event loop, through libuv's pipe handle: it takes any descriptor that can be polled, which net.Socket alone
 * refuses for a character device. That needs two undocumented properties of Node (`_handle` of a child's output, `handle` of a socket's
 * options). Where they are not what they were, "pool" reads with a thread of libuv's pool instead: slower, and process.exit() does
 * not return while such a read waits.
 */
import type { ChildProcess } from 'node:child_process';
import { closeSync, read, writeSync } from 'node:fs';
import { Socket, type SocketConstructorOpts } from 'node:net';
import { promisify } from 'node:util';
import { errorCode } from '@apledger/text';
import { READ_BUFFER } from './codec/protocol.ts';

export type TransportKind = 'epoll' | 'pool';

export interface Transport {
  readonly kind: TransportKind;
  /** Sends a reply; whom it does not reach any more has left, or the mount is at its end. */
  send(reply: Uint8Array): void;
  /** When the kernel has ended the connection, or `close` did; the descriptor is closed then. undefined = as it should. */
  readonly ended: Promise<Error | undefined>;
  /**
   * Closes the descriptor, and with it every mount that it serves. `wake` causes a request, any; "pool" cannot let go of the descriptor
   * before one comes, not even if another mount lies on top and keeps it away.
   */
  close(wake: () => Promise<unknown>): Promise<void>;
}

/** libuv's pipe handle: not documented, the same from Node 20 to 26. */
interface PipeHandle {
  /** 0, or a negative errno; some versions throw instead. */
  open(fd: number): number | undefined;
}
export type PipeConstructor = new (type: number) => PipeHandle;
const SOCKET_PIPE = 0;

/** The class of pipe handles, from a child with a piped stdout; undefined where Node keeps it elsewhere. */
export function pipeConstructor(child: ChildProcess): PipeConstructor | undefined {
  const handle = (child.stdout as { readonly _handle?: { readonly constructor?: unknown } } | null)?._handle;
  const found = handle?.constructor;
  return typeof found === 'function' && 'open' in found.prototype ? (found as PipeConstructor) : undefined;
}

/** What ends a connection: the file system was unmounted, or the connection aborted. */
const ENDED: readonly (string | undefined)[] = ['ENODEV', 'ECONNABORTED'];
/** A reply to nobody: its caller was interrupted, or the connection has ended. */
const NOBODY: readonly (string | undefined)[] = ['ENOENT', 'ENODEV', 'EPERM', 'ECONNABORTED'];

function sendOn(fd: number, reply: Uint8Array): void {
  try {
    writeSync(fd, reply);
  } catch (error) {
    if (!NOBODY.includes(errorCode(error))) throw error;
  }
}

/** Reads on the event loop. Takes over the descriptor. @throws when Node does not have it this way; the descriptor is untouched then */
export function openEpoll(
  fd: number,
  Pipe: PipeConstructor,
  receive: (message: Uint8Array) => void,
): Transport {
  const handle = new Pipe(SOCKET_PIPE);
  const code = handle.open(fd) ?? 0;
  if (code !== 0) throw new Error(`uv_pipe_open gave ${code}`);
  const buffer = Buffer.allocUnsafe(READ_BUFFER);
  const options = {
    handle,
    onread: {
      buffer,
      callback: (length: number): boolean => {
        receive(buffer.subarray(0, length));
        return true;
      },
    },
  };
  const socket = new Socket(options as unknown as SocketConstructorOpts);
  const ended = new Promise<Error | undefined>((resolve) => {
    let why: Error | undefined;
    socket.once('error', (error) => {
      if (!ENDED.includes(errorCode(error))) why = error;
    });
    socket.once('end', () => socket.destroy());
    socket.once('close', () => resolve(why));
  });
  socket.read(0); // begins to read
  return {
    kind: 'epoll',
    send: (reply) => {
      if (!socket.destroyed) sendOn(fd, reply);
    },
    ended,
    close: async () => {
      socket.destroy();
      await ended;
    },
  };
}

/** Reads with a thread of the pool. Takes over the descriptor. */
export function openPool(fd: number, receive: (message: Uint8Array) => void): Transport {
  let isOpen = true;
  const readMessage = promisify(read);
  const run = async (): Promise<Error | undefined> => {
    const buffer = Buffer.allocUnsafe(READ_BUFFER);
    try {
      while (isOpen) {
        const { bytesRead } = await readMessage(fd, buffer, 0, READ_BUFFER, null);
        if (isOpen) receive(buffer.subarray(0, bytesRead));
      }
      return undefined;
    } catch (error) {
      return ENDED.includes(errorCode(error)) ? undefined : (error as Error);
    } finally {
      isOpen = false;
      closeSync(fd);
    }
  };
  const ended = run();
  return {
    kind: 'pool',
    send: (reply) => {
      if (isOpen) sendOn(fd, reply);
    },
    ended,
    close: async (wake) => {
      isOpen = false;
      wake().catch(() => undefined); // the read that waits returns with it; nobody answers it
      await ended;
    },
  };
}
