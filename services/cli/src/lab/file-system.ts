/** A simulated host's sysfs tree as a file system: reads show the host as the log has it, writes are commands. */
import { readFile } from 'node:fs/promises';
import type { CommandHandler } from '@apledger/command-handler';
import type { Command } from '@apledger/events';
import type { Caller, Failed, FileSystem, Node, View } from '@apledger/fuse';
import type { HostState } from '@apledger/host';
import { type Attribute, nodeAt } from '@apledger/sysfs';
import { visible } from '@apledger/text';
import { goneDevices } from './devices.ts';

export interface LabFileSystemOptions {
  readonly handler: CommandHandler;
  readonly host: string;
  /** Told the path of a device, below the sysfs root, once it is no longer there. */
  readonly gone: (path: string) => void;
}

export class LabFileSystem implements FileSystem {
  readonly #options: LabFileSystemOptions;
  /** Writers to `remove` who sleep until the mdev is gone, by its UUID (driver-rules 5.6). */
  readonly #sleepers = new Map<string, PromiseWithResolvers<void>>();
  #state: HostState | undefined;
  #view: View = { node: () => undefined };

  constructor(options: LabFileSystemOptions) {
    this.#options = options;
  }

  /** The host as the log has it now, facts of other processes included. */
  async view(): Promise<View> {
    const { handler, host } = this.#options;
    const state = await handler.state(host);
    if (state === undefined) throw new Error(`host ${host} is no longer in the log`);
    if (state !== this.#state) this.#show(state);
    return this.#view;
  }

  #show(state: HostState): void {
    const before = this.#state;
    this.#state = state;
    this.#view = { node: (path) => this.#node(state, path) };
    for (const [uuid, sleeper] of this.#sleepers) if (!state.mdevs.has(uuid)) sleeper.resolve();
    if (before !== undefined) for (const path of goneDevices(before, state)) this.#options.gone(path);
  }

  #node(state: HostState, path: string): Node | undefined {
    const node = nodeAt(state, path);
    return node?.kind === 'attribute' ? this.#file(node) : node;
  }

  #file(attribute: Attribute): Node {
    return {
      kind: 'file',
      mode: attribute.mode,
      read: () => {
        const content = attribute.read();
        return typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
      },
      write: async (data, caller) => {
        const wanted = attribute.write(Buffer.from(data).toString('latin1'));
        return wanted !== undefined && 'command' in wanted ? this.#submit(wanted.command, caller) : wanted;
      },
    };
  }

  async #submit(command: Command, caller: Caller): Promise<Failed | undefined> {
    const { handler, host } = this.#options;
    const { refusal, isBlocked } = await handler.submit({ host, command, actor: await actorOf(caller) });
    if (isBlocked && 'mdev' in command) await this.#removed(command.mdev);
    return refusal;
  }

  async #removed(uuid: string): Promise<void> {
    const sleeper = this.#sleepers.get(uuid) ?? Promise.withResolvers<void>();
    this.#sleepers.set(uuid, sleeper);
    await this.view(); // it may have gone since
    await sleeper.promise;
    this.#sleepers.delete(uuid);
  }
}

/**
 * The caller as the log's actor: `uid=0 pid=4711 comm=chzdev`; a process that is gone by then has no name. A process gives itself any
 * name of 15 bytes, line ends and ESC among them, and what comes after `comm=` is all its own.
 */
async function actorOf({ uid, pid }: Caller): Promise<string> {
  const comm = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  return `uid=${uid} pid=${pid}${comm === '' ? '' : ` comm=${visible(comm.replace(/\n$/, ''))}`}`;
}
