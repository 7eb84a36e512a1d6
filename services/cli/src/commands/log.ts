/** `apledger log seal`, `log rotate-key`, `log fork`: what the holder of the signing key does. */
import { hostname, userInfo } from 'node:os';
import { command, Failure, jsonLine, line, type Output } from '@apledger/command-line';
import type { EventLog } from '@apledger/event-log';
import { EVIDENCE_STREAM, LEDGER_FACT_VERSION, type LedgerFact } from '@apledger/events';
import { parseCheckpoint, verifierText } from '@apledger/evidence';
import { dataDirectory, openPlacedLog, type Place, tileFilesOf } from '@apledger/ledger';
import {
  type ChangeOptions,
  forkLog,
  rotateKey,
  Sealer,
  Signer,
  Witnesses,
  writePolicy,
} from '@apledger/sealer';
import { readPolicyText } from '../evidence/kept.ts';
import { json, logPlace } from '../options.ts';

interface SignerOptions extends Place {
  readonly signer?: string;
  readonly signWith?: string;
  readonly origin?: string;
  readonly json?: boolean;
}

const signerOptions = {
  ...logPlace,
  signer: {
    type: 'string',
    value: 'dir',
    description:
      'where the key is and what was signed last (default: $APLEDGER_SIGNER, else the data directory with -signer behind)',
  },
  signWith: {
    type: 'string',
    value: 'how',
    description:
      'a key that is elsewhere: agent, agent:SOCKET or command:PROGRAM (default: the file key in --signer)',
  },
  ...json,
} as const;

const reason = {
  reason: { type: 'string', value: 'text', required: true, description: 'why; it is recorded for ever' },
} as const;

/** Opens a log that is there: one that a typing error names is not made, and no key for it. */
async function openThere(place: Place): Promise<EventLog> {
  const log = await openPlacedLog(place, { readOnly: true });
  await log.close();
  return openPlacedLog(place);
}

/** Opens log, tiles and signer for the length of `work`. */
async function withSigner<T>(options: SignerOptions, work: (parts: ChangeOptions) => Promise<T>): Promise<T> {
  const { signer, signWith, origin, ...place } = options;
  const data = dataDirectory(place);
  const directory = signer ?? process.env.APLEDGER_SIGNER ?? `${data}-signer`;
  const log = await openThere({ ...place, data });
  try {
    const parts = { log, files: tileFilesOf(data), signer: new Signer({ directory, origin, signWith }) };
    return await work(parts);
  } finally {
    await log.close();
  }
}

/** Records a fact about the ledger itself. */
async function record(log: EventLog, fact: LedgerFact): Promise<void> {
  const commandId = crypto.randomUUID();
  const occurredAt = new Date().toISOString();
  await log.append({
    stream: EVIDENCE_STREAM,
    expected: 'any',
    commandId,
    correlation: commandId,
    actor: `${userInfo().username}@${hostname()}`,
    facts: [{ ...fact, version: LEDGER_FACT_VERSION, occurredAt, packed: new Uint8Array() }],
  });
}

async function seal(
  options: SignerOptions & { readonly policy?: string },
  output: Output,
  signal: AbortSignal,
) {
  const { policy: path, json, ...rest } = options;
  const policy = path === undefined ? undefined : await readPolicyText(path);
  return withSigner(rest, async ({ log, files, signer }) => {
    const { key, isNew } = await signer.open();
    const publicKey = verifierText(key.verifier);
    if (isNew && !json) output.out(line(`made a key that signs the log; keep its public key: ${publicKey}`));
    const report = (message: string): void => output.err(line(`apledger log seal: ${message}`));
    const { size, origin } = await (await Sealer.open({ log, files, signer, report })).step();
    await writePolicy({ files, signer, policy });
    const witnesses = policy === undefined ? [] : await cosigned(files, policy.policy, signal);
    if (json) output.out(jsonLine({ origin, size, publicKey, witnesses }));
    else output.out(line(`sealed ${size} facts as ${origin}`));
    for (const { name, fault } of witnesses) if (fault !== null) report(`witness ${name}: ${fault}`);
    return witnesses.some(({ fault }) => fault !== null) ? 1 : 0;
  });
}

async function cosigned(
  files: ChangeOptions['files'],
  policy: ConstructorParameters<typeof Witnesses>[1],
  signal: AbortSignal,
) {
  const witnesses = new Witnesses(files, policy, signal);
  witnesses.offer((await files.readCheckpoint()) ?? '');
  await witnesses.settled();
  return witnesses.states;
}

const rotate = (
  options: SignerOptions & { readonly to?: string; readonly reason: string },
  output: Output,
) => {
  const { to, reason, json, ...rest } = options;
  return withSigner(rest, async (parts) => {
    const rotated = await rotateKey(parts, to, (data) =>
      record(parts.log, { type: 'SigningKeyRotated', data: { ...data, reason } }),
    );
    await writePolicy({ ...parts, policy: undefined });
    if (json) output.out(jsonLine(rotated));
    else {
      output.out(line(`from now on this key signs; keep it: ${rotated.after}`));
      output.out(
        line(`the checkpoint of ${parseCheckpoint(rotated.checkpoint).size} facts is signed by both keys:`),
      );
      output.out(rotated.checkpoint);
    }
    return 0;
  });
};

const fork = (options: SignerOptions & { readonly reason: string }, output: Output) => {
  const { reason, json, ...rest } = options;
  return withSigner(rest, async (parts) => {
    const forked = await forkLog(parts, (data) =>
      record(parts.log, { type: 'LogForked', data: { ...data, reason } }),
    );
    await writePolicy({ ...parts, policy: undefined });
    const publicKey = verifierText((await parts.signer.open()).key.verifier);
    if (json) output.out(jsonLine({ ...forked, publicKey }));
    else {
      const { before, origin, aside } = forked;
      output.out(line(`${before.origin} ended with ${before.size} facts; its tiles are kept in ${aside}`));
      output.out(line(`the log goes on as ${origin}; keep its public key: ${publicKey}`));
    }
    return 0;
  });
};

const needed = (text: string): string => {
  if (text.trim() === '') throw new Failure(2, '--reason: say why; it is recorded for ever.');
  return text;
};

export const logCommands = [
  command({
    name: 'log seal',
    summary: 'sign a checkpoint over all facts that there are now; the service does so by itself',
    options: {
      ...signerOptions,
      origin: {
        type: 'string',
        value: 'name',
        description: 'name of the log in checkpoints, when its key is made',
      },
      policy: { type: 'string', value: 'file', description: 'witnesses that are asked to cosign' },
    },
    examples: ['apledger log seal --origin ledger.example/prod'],
    run: (options, { output, signal }) => seal(options, output, signal),
  }),
  command({
    name: 'log rotate-key',
    summary: 'let another key sign from now on: a fact, and a checkpoint that both keys sign',
    options: {
      ...signerOptions,
      ...reason,
      to: {
        type: 'string',
        value: 'how',
        description: 'where the new key is, as in --sign-with (default: a new file)',
      },
    },
    examples: ["apledger log rotate-key --reason 'yearly'"],
    run: ({ reason, ...options }, { output }) => rotate({ ...options, reason: needed(reason) }, output),
  }),
  command({
    name: 'log fork',
    summary: 'go on with a log that is not what was signed, under another name: visible for ever',
    options: { ...signerOptions, ...reason },
    examples: ["apledger log fork --reason 'disk lost, backup of 02:00 restored'"],
    run: ({ reason, ...options }, { output }) => fork({ ...options, reason: needed(reason) }, output),
  }),
];
