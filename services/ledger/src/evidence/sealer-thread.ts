/** Starts and ends the thread that seals the log, and keeps what it says of itself. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { SealerState, SignerOptions } from '@apledger/sealer';
import { errorText } from '@apledger/text';

/** What the thread works on. */
export interface SealerTask {
  /** Of the log. */
  readonly url: string;
  /** What a log of servers may use of this machine. */
  readonly directory: string;
  /** For tiles and checkpoints. */
  readonly tlog: string;
  readonly signer: SignerOptions;
  /** Text of the policy that names the witnesses. */
  readonly policy?: string | undefined;
}

export type FromSealer =
  | { readonly kind: 'key'; readonly publicKey: string; readonly isNew: boolean }
  | { readonly kind: 'state'; readonly state: SealerState }
  | { readonly kind: 'report'; readonly message: string };

export interface SealerThread {
  /** Undefined until it has sealed for the first time, or failed to. */
  readonly state: () => SealerState | undefined;
  /** Seals what is there, and ends. */
  stop(): Promise<void>;
}

/** `say` gets the public key, `report` what an operator should see to. A thread that fails is reported; the service goes on. */
export function startSealer(
  task: SealerTask,
  { say, report }: Record<'say' | 'report', (line: string) => void>,
): SealerThread {
  let state: SealerState | undefined;
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: task });
  const ended = once(worker, 'exit').catch(() => undefined);
  const failed = (reason: string): void => {
    report(`the log is not sealed: ${reason}`);
    state = { ...(state ?? { size: 0, position: 0, witnesses: [] }), fault: reason };
  };
  worker.on('error', (error) => failed(errorText(error)));
  worker.on('message', (message: FromSealer) => {
    if (message.kind === 'state') state = message.state;
    else if (message.kind === 'report') report(message.message);
    else if (message.isNew) say(`made a key that signs the log; keep its public key: ${message.publicKey}`);
    else say(`the log is signed by ${message.publicKey}`);
  });
  return {
    state: () => state,
    stop: async () => {
      worker.postMessage('stop');
      await ended;
    },
  };
}
