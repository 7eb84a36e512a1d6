/** Another key, or another beginning: what changes whom verifiers have to trust. Both are facts of the log, for ever. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventLog } from '@apledger/event-log';
import { base64Of, EvidenceError, parseCheckpoint, parseNote, verifierText } from '@apledger/evidence';
import { readIfThere, replaceFile } from './files.ts';
import { EMPTY_ROOT } from './hashing.ts';
import { openKey, renameKey, replaceKey } from './keys.ts';
import { lastSigned } from './memory.ts';
import { Sealer } from './sealer.ts';
import type { Signer } from './signer.ts';
import type { TileFiles } from './tile-files.ts';

export interface ChangeOptions {
  readonly log: EventLog;
  readonly files: TileFiles;
  readonly signer: Signer;
}

/** What a rotation is recorded as. */
interface Rotation {
  readonly origin: string;
  /** Verifier keys. */
  readonly before: string;
  readonly after: string;
}

/**
 * Another key signs from now on. The fact is recorded first; the checkpoint that covers it is signed by both keys, and kept
 * as `checkpoint.rotated-KEYID` beside the signer's key: who trusts the old key finds the new one there. `to` is as in KeyOptions.signWith.
 */
export async function rotateKey(
  { log, files, signer }: ChangeOptions,
  to: string | undefined,
  record: (rotation: Rotation) => Promise<void>,
): Promise<Rotation & { readonly checkpoint: string }> {
  const old = (await signer.open()).key;
  const place = join(signer.directory, 'next');
  const { key: next } = await openKey({
    directory: place,
    kind: 'log',
    name: old.verifier.name,
    signWith: to,
  });
  const [before, after] = [verifierText(old.verifier), verifierText(next.verifier)];
  if (before === after) throw new EvidenceError(`${after} is the key that signs already`);
  const rotation = { origin: old.verifier.name, before, after };
  await record(rotation);
  const { note } = await (await Sealer.open({ log, files, signer, cosigners: [next] })).step();
  if (note === undefined || parseNote(note).signatures.length < 2)
    throw new EvidenceError('the checkpoint was not signed by both keys; the old one stays');
  const id = Buffer.from(next.verifier.id).toString('hex');
  await replaceFile(join(signer.directory, `checkpoint.rotated-${id}`), note);
  await replaceKey(signer.directory, old.verifier, place);
  await rm(place, { recursive: true, force: true });
  return { ...rotation, checkpoint: note };
}

/** What a fork is recorded as. */
interface Fork {
  /** The log that ends: its name, and what was signed of it last. */
  readonly before: { readonly origin: string; readonly size: number; readonly root: string };
  /** Name of the log that begins. */
  readonly origin: string;
}

/**
 * Goes on under another name with a log that is not what was signed. The old tiles are put aside; a line in every checkpoint to
 * come says from what the log was forked. Interrupted, it can be done again.
 */
export async function forkLog(
  { log, files, signer }: ChangeOptions,
  record: (fork: Fork) => Promise<void>,
): Promise<Fork & { readonly checkpoint: string; readonly aside: string }> {
  const remembered = await lastSigned({ files, signer });
  const { last } = remembered;
  if (last === undefined) throw new EvidenceError('nothing was signed yet: there is nothing to fork from');
  const line = `forked ${last.origin} ${last.size} ${base64Of(last.root)}`;
  const forks = (await signer.extensions()).filter((each) => each !== line);
  const current = (await signer.open()).key.verifier.name;
  const base = last.origin.replace(/-fork-\d+$/, '');
  const origin = current === last.origin ? `${base}-fork-${forks.length + 1}` : current;
  const fork = { before: { origin: last.origin, size: last.size, root: base64Of(last.root) }, origin };
  await replaceFile(join(signer.directory, 'forks'), [...forks, line].map((each) => `${each}\n`).join(''));
  if (current === last.origin) await renameKey(signer.directory, origin);
  await record(fork);
  const aside = `${files.directory}-${last.origin.replaceAll('/', '_')}-${last.size}`;
  await files.setAside(aside);
  if (!(await signer.memory.advance(remembered, { origin, size: 0, root: EMPTY_ROOT })))
    throw new EvidenceError('another sealer signs at the same time: stop it, and fork again');
  await (await Sealer.open({ log, files, signer })).step();
  const checkpoint = (await readIfThere(join(files.directory, 'checkpoint')))?.toString() ?? '';
  parseCheckpoint(checkpoint);
  return { ...fork, checkpoint, aside };
}
