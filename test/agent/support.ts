/** A simulated host that is mounted, a ledger, and the host's agent: processes that can be killed and started again. */
import { watch } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '@apledger/api';
import { Unreachable } from '@apledger/client';
import type { Command } from '@apledger/events';
import { ServiceLedger } from '@apledger/ledger';
import { inRepository } from '../cli/support.ts';
import { type HttpService, startService } from '../http/support.ts';
import { type LabProcess, mountLab, startProgram } from '../lab/process.ts';
import { scratch } from '../support/file.ts';

const AGENT = inRepository('services/agent/bin/agent.mjs');
export const HOST = 'real1';
/** Of the host that is mounted: the agent does not know that name. */
export const SIMULATED = 'zlp1';

/** What became of a command, as its giver heard it. */
export interface Heard {
  readonly commandId: string;
  readonly command: Command;
  /** `done`, or the code of a problem. */
  readonly end: string;
}

export class Site {
  readonly root = scratch();
  readonly sys = join(this.root, 'sys');
  readonly run = join(this.root, 'run');
  readonly spool = join(this.root, 'spool');
  readonly labData = join(this.root, 'lab');
  readonly data = join(this.root, 'ledger');
  lab!: LabProcess;
  #service: HttpService | undefined;
  /** Resolves with the ledger that is there, or is about to be. */
  #serving: Promise<HttpService> | undefined;
  #agent: LabProcess | undefined;

  static async open(...settings: string[]): Promise<Site> {
    const site = new Site();
    await mkdir(join(site.run, 'lock'), { recursive: true });
    await mkdir(site.spool);
    site.lab = await mountLab(SIMULATED, ...settings, '--at', site.sys, '--data', site.labData);
    await site.startLedger();
    return site;
  }

  async startLedger(): Promise<void> {
    const port = this.#service?.port;
    this.#serving = startService(
      '--data',
      this.data,
      ...(port === undefined ? [] : ['--port', String(port)]),
    );
    this.#service = await this.#serving;
  }

  /** Resolves when it has ended; another one can be started then. */
  async killLedger(): Promise<void> {
    const { process } = await this.serving();
    process.signal('SIGKILL');
    await process.ended();
  }

  serving(): Promise<HttpService> {
    if (this.#serving === undefined) throw new Error('no ledger was started');
    return this.#serving;
  }

  get server(): string {
    return this.#service?.server ?? '';
  }

  get ledger(): ServiceLedger {
    return new ServiceLedger(this.server);
  }

  startAgent(...more: string[]): LabProcess {
    this.#agent = startProgram(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      AGENT,
      ...['--host', HOST, '--ledger', this.server, '--spool', this.spool, '--spawn-writer'],
      ...['--sysfs', this.sys, '--run', this.run],
      ...more,
    ]);
    return this.#agent;
  }

  async killAgent(): Promise<void> {
    this.#agent?.signal('SIGKILL');
    await this.#agent?.ended();
  }

  /** As a client should: again with the same id as long as nobody knows what became of it. */
  async insist(command: Command): Promise<Heard> {
    const commandId = crypto.randomUUID();
    for (;;) {
      const { api } = await this.serving();
      try {
        const { refusal } = await api.submit({ host: HOST, command, commandId, actor: 'anna' });
        return { commandId, command, end: refusal === undefined ? 'done' : 'refused' };
      } catch (error) {
        if (error instanceof Problem && FINAL.has(error.code)) return { commandId, command, end: error.code };
        const isPassing = error instanceof Problem ? AGAIN.test(error.code) : error instanceof Unreachable;
        if (!isPassing) throw error;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
}

/** The agent has not come yet, has not settled it yet, or the ledger is about to stop. */
const AGAIN = /^(?:unknown-host|not-settled|draining|log-.*)$/;
const FINAL: ReadonlySet<string> = new Set(['unconfirmed', 'not-carried-out']);

/** Resolves when as many events have come from the directory; `matches` tells which count. */
export function changes(
  directory: string,
  count: number,
  matches: (name: string | null) => boolean = () => true,
): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    const watching = watch(directory, (_, name) => {
      if (!matches(name)) return;
      left -= 1;
      if (left > 0) return;
      watching.close();
      resolve();
    });
  });
}
