/** The thread that seals: nothing of it is on the way of a command to its acknowledgement. */
import { parentPort, workerData } from 'node:worker_threads';
import { openLog } from '@apledger/event-log';
import { parsePolicy, verifierText } from '@apledger/evidence';
import { followLog, type SealerState, Signer, TileFiles } from '@apledger/sealer';
import type { FromSealer, SealerTask } from './sealer-thread.ts';

const send = (message: FromSealer): void => parentPort?.postMessage(message);

async function seal({ url, directory, tlog, signer: place, policy: text }: SealerTask): Promise<void> {
  const stop = new AbortController();
  parentPort?.once('message', () => stop.abort());
  const report = (message: string): void => send({ kind: 'report', message });
  const log = await openLog(url, { readOnly: true, directory });
  try {
    const signer = new Signer(place);
    const { key, isNew } = await signer.open();
    send({ kind: 'key', publicKey: verifierText(key.verifier), isNew });
    const policy = text === undefined ? undefined : { text, policy: await parsePolicy(text) };
    const onState = (state: SealerState): void => send({ kind: 'state', state });
    await followLog({
      log,
      files: new TileFiles(tlog),
      signer,
      policy,
      report,
      onState,
      signal: stop.signal,
    });
  } finally {
    await log.close();
  }
}

await seal(workerData);
parentPort?.close();
