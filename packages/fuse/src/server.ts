/**
 * Requests in, replies out. Every request gets exactly one reply (FORGET and INTERRUPT get none), whatever the file system does: one that
 * throws is EIO, one that takes its time holds up nobody else, and a caller who is interrupted meanwhile is let go with EINTR.
 */
import { errorText } from '@apledger/text';
import { IN_HEADER } from './codec/protocol.ts';
import { Replies } from './codec/replies.ts';
import { type Body, decodeBody, decodeHeader, type Header, viewOf } from './codec/requests.ts';
import { errnoOf, Refused } from './errno.ts';
import type { FileSystem } from './file-system.ts';
import { Nodes } from './nodes.ts';
import { DIRECTORY_MODE, Operations, type Owner, STORE_MAX } from './operations.ts';

export interface ServerOptions {
  /** Byte order of the kernel. */
  readonly isLittle: boolean;
  readonly owner: Owner;
  readonly send: (reply: Uint8Array) => void;
  /** What went wrong in the file system, while somebody got EIO for it. */
  readonly report: (error: Error) => void;
}

export class Server {
  readonly #options: ServerOptions;
  readonly #replies: Replies;
  readonly #nodes = new Nodes(DIRECTORY_MODE);
  readonly #operations: Operations;
  /** Requests that wait for their reply. */
  readonly #pending = new Set<bigint>();

  constructor(fs: FileSystem, options: ServerOptions) {
    this.#options = options;
    this.#replies = new Replies(options.isLittle);
    this.#operations = new Operations(fs, this.#nodes, this.#replies, options.owner);
  }

  /** Takes one message of the kernel. Its bytes may be overwritten afterwards. */
  receive(message: Uint8Array): void {
    const { isLittle, report } = this.#options;
    if (message.length < IN_HEADER) {
      report(new Error(`a message of ${message.length} bytes, too short to be answered`));
      return;
    }
    const view = viewOf(message);
    const header = decodeHeader(view, isLittle);
    let body: Body;
    try {
      body = decodeBody(header, view, isLittle, STORE_MAX);
    } catch (error) {
      this.#send(header, this.#replies.error(header.unique, this.#eio(header, 'decoding', error)));
      return;
    }
    if (body.op === 'forget') {
      for (const { node, lookups } of body.forgotten) this.#nodes.forget(node, lookups);
    } else if (body.op === 'interrupt') {
      const interrupted = { ...header, unique: body.unique };
      this.#reply(interrupted, this.#replies.error(body.unique, errnoOf('EINTR')));
    } else {
      this.#pending.add(header.unique);
      void this.#serve(header, body);
    }
  }

  /** What lay at the path and below it does not come back. */
  gone(path: string): void {
    this.#nodes.gone(path);
  }

  /** No reply is sent any more. */
  end(): void {
    this.#pending.clear();
  }

  async #serve(header: Header, body: Body): Promise<void> {
    let reply: Uint8Array;
    try {
      reply = await this.#operations.answer(header, body, () => this.#pending.has(header.unique));
    } catch (error) {
      const errno = error instanceof Refused ? error.errno : this.#eio(header, body.op, error);
      reply = this.#replies.error(header.unique, errno);
    }
    this.#reply(header, reply);
  }

  /** Unless it was answered already: by an interruption, or the end. */
  #reply(header: Header, reply: Uint8Array): void {
    if (this.#pending.delete(header.unique)) this.#send(header, reply);
  }

  /** What the kernel does not take, the target of a link beyond a page for instance, must not leave its caller waiting. */
  #send(header: Header, reply: Uint8Array): void {
    const { send } = this.#options;
    try {
      send(reply);
    } catch (error) {
      send(this.#replies.error(header.unique, this.#eio(header, 'answering', error)));
    }
  }

  #eio({ node }: Header, what: string, cause: unknown): number {
    const path = this.#nodes.known(node)?.path ?? `node ${node}`;
    const reason = errorText(cause);
    this.#options.report(new Error(`${what} of '${path}' failed, its caller got EIO: ${reason}`, { cause }));
    return errnoOf('EIO');
  }
}
