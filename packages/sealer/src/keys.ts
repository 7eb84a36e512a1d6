/** The key that signs: a file, an ssh-agent, or a program, so that a hardware module can hold it. */
import { execFile } from 'node:child_process';
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
} from 'node:crypto';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import {
  base64Of,
  concat,
  EvidenceError,
  fromBase64,
  hexOf,
  isKeyName,
  KEY_KINDS,
  type KeyKind,
  parseVerifier,
  type Verifier,
  verifierOf,
  verifierText,
} from '@apledger/evidence';
import {
  createFile,
  makeOwnDirectory,
  onFile,
  readIfThere,
  replaceFile,
  syncDirectory,
  unlessMissing,
} from './files.ts';
import { agentKeys, agentSign } from './ssh-agent.ts';

/** Signs with one key. */
export interface Key {
  readonly verifier: Verifier;
  /** 64 bytes of Ed25519 over the message. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

const KEY_FILE = 'key';
const PUBLIC_FILE = 'key.pub';
const PROGRAM_MS = 30_000;

/** Before a raw private key in PKCS #8, RFC 8410. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface KeyOptions {
  /** Holds the key, or, for a key that is elsewhere, its public part. */
  readonly directory: string;
  readonly kind: KeyKind;
  /** Name of the log or witness when a key is made; default: `apledger/` and eight digits of the key's hash. */
  readonly name?: string | undefined;
  /** Where a key is that is not in the directory: `agent`, `agent:SOCKET`, or `command:PROGRAM`. */
  readonly signWith?: string | undefined;
}

/** The key, and whether it was made or found just now. Throws EvidenceError. */
export async function openKey(options: KeyOptions): Promise<{ readonly key: Key; readonly isNew: boolean }> {
  const { directory, signWith } = options;
  await makeOwnDirectory(directory);
  if (signWith === undefined) return fileKey(options);
  const far = farKey(signWith);
  const known = await readIfThere(join(directory, PUBLIC_FILE));
  const raw = await far.publicKey(
    known === undefined ? undefined : (await parseVerifier(known.toString().trim())).key,
  );
  const verifier =
    known === undefined ? await named(raw, options) : await parseVerifier(known.toString().trim());
  if (known === undefined)
    await createFile(join(directory, PUBLIC_FILE), `${verifierText(verifier)}\n`, 0o644);
  return {
    key: { verifier, sign: (message) => far.sign(verifier.key, message) },
    isNew: known === undefined,
  };
}

const named = (raw: Uint8Array, { kind, name }: KeyOptions): Promise<Verifier> =>
  verifierOf(name ?? `apledger/${hash('sha256', raw, 'hex').slice(0, 8)}`, kind, Uint8Array.from(raw));

/** A key in the directory, made at the first time. */
async function fileKey(options: KeyOptions): Promise<{ readonly key: Key; readonly isNew: boolean }> {
  const path = join(options.directory, KEY_FILE);
  const found = await readIfThere(path);
  if (found !== undefined)
    return { key: await keyOfText(found.toString().trim(), path, options.kind), isNew: false };
  if ((await readIfThere(join(options.directory, PUBLIC_FILE))) !== undefined)
    throw new EvidenceError(
      `${options.directory} has the public part of a key that is elsewhere: say where with --sign-with, or bring ${path} back`,
    );
  const { key, text } = await makeKey(options);
  if (!(await createFile(path, `${text}\n`, 0o600))) return fileKey(options); // another process was faster
  await createFile(join(options.directory, PUBLIC_FILE), `${verifierText(key.verifier)}\n`, 0o644);
  await syncDirectory(options.directory);
  return { key, isNew: true };
}

/** Puts the key of another directory in place; the one that was there is kept under its key's id. */
export async function replaceKey(directory: string, old: Verifier, next: string): Promise<void> {
  for (const name of [KEY_FILE, PUBLIC_FILE]) {
    await moveIfThere(join(directory, name), join(directory, `${name}.${hexOf(old.id)}`));
    await moveIfThere(join(next, name), join(directory, name));
  }
  await syncDirectory(directory);
}

/** The same key under another name, for a log that begins anew. */
export async function renameKey(directory: string, name: string): Promise<void> {
  const text = (await readIfThere(join(directory, KEY_FILE)))?.toString().trim();
  const body = text?.split('+').slice(4).join('+');
  const known = (await readIfThere(join(directory, PUBLIC_FILE)))?.toString().trim() ?? '';
  const verifier = await verifierOf(name, 'log', (await parseVerifier(known)).key);
  if (body !== undefined)
    await replaceFile(
      join(directory, KEY_FILE),
      `PRIVATE+KEY+${name}+${hexOf(verifier.id)}+${body}\n`,
      0o600,
    );
  await replaceFile(join(directory, PUBLIC_FILE), `${verifierText(verifier)}\n`);
  await syncDirectory(directory);
}

/** The keys of the directory's log, the one that signs now first, and those before it that were kept. */
export async function knownVerifiers(directory: string): Promise<readonly Verifier[]> {
  const names = (await onFile(directory, 'read', () => readdir(directory)))
    .filter((name) => name.startsWith(PUBLIC_FILE))
    .sort();
  const all = await Promise.all(
    names.map(async (name) =>
      parseVerifier((await readIfThere(join(directory, name)))?.toString().trim() ?? ''),
    ),
  );
  return all.filter(({ name }) => name === all[0]?.name);
}

async function moveIfThere(from: string, to: string): Promise<void> {
  await onFile(from, 'write', () => rename(from, to).catch(unlessMissing));
}

/** The form of Go's note.GenerateKey: the name stands in it. */
async function makeKey(options: KeyOptions): Promise<{ readonly key: Key; readonly text: string }> {
  if (options.name !== undefined && !isKeyName(options.name))
    throw new EvidenceError(
      `${JSON.stringify(options.name)} is no name of a log: it has spaces or a plus sign`,
    );
  const { privateKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
  const key = await keyOfSeed(seed, options.kind, (raw) => named(raw, options));
  const { name, id } = key.verifier;
  const body = base64Of(concat(Uint8Array.of(KEY_KINDS[options.kind]), seed));
  return { key, text: `PRIVATE+KEY+${name}+${hexOf(id)}+${body}` };
}

async function keyOfText(text: string, path: string, kind: KeyKind): Promise<Key> {
  const [, name, id, body] = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  if (name === undefined || body === undefined)
    throw new EvidenceError(`${path} is no key: it is written PRIVATE+KEY+NAME+KEYID+KEY`);
  const bytes = fromBase64(body);
  if (bytes[0] !== KEY_KINDS[kind] || bytes.length !== 33)
    throw new EvidenceError(`${path} is no Ed25519 key of a ${kind}`);
  const key = await keyOfSeed(bytes.subarray(1), kind, (raw) => verifierOf(name, kind, Uint8Array.from(raw)));
  if (hexOf(key.verifier.id) !== id)
    throw new EvidenceError(`${path} has key id ${id}, and holds another key`);
  return key;
}

async function keyOfSeed(
  seed: Uint8Array,
  kind: KeyKind,
  verifierFor: (raw: Uint8Array) => Promise<Verifier>,
): Promise<Key> {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const verifier = await verifierFor(rawPublicKey(privateKey));
  if (verifier.kind !== kind) throw new EvidenceError(`that is the key of a ${verifier.kind}`);
  return { verifier, sign: async (message) => sign(null, message, privateKey) };
}

const rawPublicKey = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);

interface FarKey {
  /** The raw public key; `known` is the one that was used before. */
  publicKey(known: Uint8Array | undefined): Promise<Uint8Array>;
  sign(key: Uint8Array, message: Uint8Array): Promise<Uint8Array>;
}

function farKey(signWith: string): FarKey {
  const at = signWith.indexOf(':');
  const [kind, rest] = at < 0 ? [signWith, ''] : [signWith.slice(0, at), signWith.slice(at + 1)];
  if (kind === 'agent') return agent(rest === '' ? process.env.SSH_AUTH_SOCK : rest);
  if (kind === 'command' && rest !== '') return program(rest);
  throw new EvidenceError(`${signWith}: write agent, agent:SOCKET or command:PROGRAM`);
}

function agent(socket: string | undefined): FarKey {
  if (socket === undefined)
    throw new EvidenceError('agent: SSH_AUTH_SOCK is not set; write agent:SOCKET, or start ssh-agent');
  return {
    publicKey: async (known) => {
      const keys = await agentKeys(socket);
      if (known !== undefined) return known;
      const [only, ...more] = keys;
      if (only === undefined || more.length > 0)
        throw new EvidenceError(
          `the ssh-agent at ${socket} holds ${keys.length} Ed25519 keys; add exactly one to it`,
        );
      return only;
    },
    sign: (key, message) => agentSign(socket, key, message),
  };
}

/** `PROGRAM public-key` prints the raw public key, `PROGRAM sign` the signature of its standard input, both in base 64. */
function program(commandLine: string): FarKey {
  const [file = '', ...args] = commandLine.split(' ').filter((word) => word !== '');
  const run = (word: string, input: Uint8Array) =>
    new Promise<Uint8Array>((resolve, reject) => {
      const child = execFile(file, [...args, word], { timeout: PROGRAM_MS }, (error, stdout, stderr) => {
        if (error) reject(new EvidenceError(`${commandLine} ${word}: ${stderr.trim() || error.message}`));
        else
          try {
            resolve(fromBase64(stdout.trim()));
          } catch (fault) {
            reject(fault);
          }
      });
      child.stdin?.on('error', () => undefined); // it may end without reading
      child.stdin?.end(input);
    });
  return { publicKey: () => run('public-key', new Uint8Array()), sign: (_, message) => run('sign', message) };
}
