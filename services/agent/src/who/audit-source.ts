/** auditd's records: from the socket of its plugin af_unix, or from the journal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { AuditReader } from './audit-records.ts';
import type { Source } from './evidence.ts';
import { journalLine, kernelSign } from './journal.ts';
import type { Sign } from './sign.ts';

/** auditd is started again by an administrator, or by a package: somewhen. */
const RETRY_MS = 5000;

type Names = () => ReadonlyMap<number, string>;

/** Reads records from the first socket that answers, and comes back when it is closed. */
export class AuditSocket implements Source {
  readonly #paths: readonly string[];
  readonly #add: (sign: Sign) => void;
  readonly #reader: AuditReader;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(paths: readonly string[], add: (sign: Sign) => void, names: Names) {
    this.#paths = paths;
    this.#add = add;
    this.#reader = new AuditReader(names);
    this.#connect(0);
  }

  /** Records come by themselves. */
  refresh(): void {}

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #connect(at: number): void {
    const path = this.#paths[at];
    if (this.#isClosed) return;
    if (path === undefined) {
      this.#timer = setTimeout(() => this.#connect(0), RETRY_MS).unref();
      return;
    }
    const socket = connect(path);
    this.#socket = socket.unref();
    let isOpen = false;
    socket
      .on('connect', () => {
        isOpen = true;
      })
      .on('error', () => undefined) // 'close' follows
      .on('close', () => this.#connect(isOpen ? this.#paths.length : at + 1));
    eachLine(socket, (line) => {
      for (const sign of this.#reader.take(line)) this.#add(sign);
    });
  }
}

/** Follows the journal: records of the audit system, and the kernel's warnings about mdevs. Needs the group systemd-journal. */
export class Journal implements Source {
  readonly #child: ChildProcess;
  readonly #reader: AuditReader;
  readonly #add: (sign: Sign) => void;

  constructor(program: string, add: (sign: Sign) => void, names: Names, onEnd: (reason: string) => void) {
    this.#add = add;
    this.#reader = new AuditReader(names);
    this.#child = spawn(
      program,
      ['--follow', '--lines=0', '--output=json', '_TRANSPORT=audit', '+', '_TRANSPORT=kernel'],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    this.#child
      .on('error', (error) => onEnd(error.message))
      .on('exit', (code, signal) => onEnd(`${program} ended (${signal ?? code})`));
    const { stdout } = this.#child;
    if (stdout !== null) eachLine(stdout, (line) => this.#take(line));
  }

  /** Records come by themselves. */
  refresh(): void {}

  close(): void {
    this.#child.kill();
  }

  #take(line: string): void {
    const warning = kernelSign(line);
    if (warning !== undefined) this.#add(warning);
    const record = journalLine(line);
    if (record !== undefined) for (const sign of this.#reader.take(record)) this.#add(sign);
  }
}

function eachLine(stream: Readable, take: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })
    .on('line', take)
    .on('error', () => undefined); // The stream's own end says it.
}
