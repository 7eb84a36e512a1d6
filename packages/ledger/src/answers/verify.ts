/** Is this log the one that was written: heads compared, or every hash recomputed. And folding the read model anew. */
import { setImmediate } from 'node:timers/promises';
import type { Reply, Request } from '@apledger/api';
import { checkHeads, verify as verifyLog } from '@apledger/event-log';
import { hostOf, streamOf } from '@apledger/events';
import { rebuildTiles } from '@apledger/sealer';
import type { Answer } from '../answer.ts';
import type { LogLedger } from '../log-ledger.ts';
import { verifyDirectory } from '../verify/directory.ts';
import { repack } from '../verify/repack.ts';
import { alone } from './alone.ts';

const verify: Answer<'verify'> = async ({ log }, { heads }) => {
  const noted = heads.map(({ host, ...head }) => ({ stream: streamOf(host), ...head }));
  const found = await checkHeads(log, noted);
  const problems = found.map(({ stream, revision, problem }) => ({
    host: hostOf(stream) ?? stream,
    revision,
    problem,
  }));
  return { checked: heads.length, problems };
};

const recompute: Answer<'recompute'> = (ledger, { heads = [], run }) =>
  // The answer to one question is none to another, whatever the run is called.
  alone(ledger, 'recompute', run && JSON.stringify([run, heads]), () => recomputed(ledger, heads));

/** Every hash and packed form of the log, recomputed, while others ask. */
export async function recomputed(
  ledger: LogLedger,
  noted: NonNullable<Request<'recompute'>['heads']>,
): Promise<Reply<'recompute'>> {
  const { files } = ledger;
  if (files !== undefined)
    return verifyDirectory(ledger.log, { ...files, noted, onProgress: (text) => ledger.show(text) });
  const walk = verifyLog(ledger.log, { repack, noted });
  let step = await walk.next();
  while (!step.done) {
    ledger.show(`verifying: position ${step.value.position} of ${step.value.lastPosition}`);
    await setImmediate(); // others have questions meanwhile
    step = await walk.next();
  }
  ledger.show('');
  return step.value;
}

const rebuild: Answer<'rebuild'> = (ledger, { run }) =>
  alone(ledger, 'rebuild', run, async () => {
    const started = performance.now();
    const views = await ledger.rebuildViews();
    if (ledger.tlog !== undefined) await rebuildTiles(ledger.log, ledger.tlog);
    const position = await ledger.log.lastPosition();
    const hosts = (await views.hosts()).length;
    const milliseconds = Math.round(performance.now() - started);
    return { position, hosts, milliseconds, kept: views.isKept };
  });

export const verifyAnswers = { verify, recompute, rebuild };
