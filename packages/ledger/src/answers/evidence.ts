/** Evidence that needs neither this ledger nor its log: how far it goes, and the evidence file of a fact. */
import { Problem } from '@apledger/api';
import { base64Of, EvidenceError, parseCheckpoint } from '@apledger/evidence';
import { Prover, type TileFiles } from '@apledger/sealer';
import type { Answer } from '../answer.ts';
import type { LogLedger } from '../log-ledger.ts';

const provers = new WeakMap<LogLedger, Prover>();

const evidence: Answer<'evidence'> = async ({ tlog, sealerState }) => {
  const { fault = null, witnesses = [] } = sealerState() ?? {};
  const text = await tlog?.readCheckpoint();
  const policy = (await tlog?.readPolicy()) ?? null;
  const { origin = null, size = 0, root } = text === undefined ? {} : parseCheckpoint(text);
  const signedAt = (await tlog?.checkpointTime())?.toISOString() ?? null;
  return {
    ...{ origin, size, root: root === undefined ? null : base64Of(root), signedAt, policy, fault },
    witnessed: await witnessed(tlog),
    witnesses,
  };
};

async function witnessed(tlog: TileFiles | undefined) {
  const text = await tlog?.readCheckpoint('checkpoint.witnessed');
  if (text === undefined) return { size: 0, at: null };
  const at = (await tlog?.checkpointTime('checkpoint.witnessed'))?.toISOString() ?? null;
  return { size: parseCheckpoint(text).size, at };
}

const proof: Answer<'proof'> = async (ledger, { position }) => {
  if (ledger.tlog === undefined) throw notSealed();
  const prover = provers.get(ledger) ?? new Prover(ledger.log, ledger.tlog);
  provers.set(ledger, prover);
  try {
    const { text, index, size } = await prover.prove(position);
    return { position, index, size, proof: text };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    throw new Problem(
      404,
      'no-evidence',
      `There is no evidence of position ${position}: ${error.message}.`,
      {},
      error,
    );
  }
};

const notSealed = (): Problem =>
  new Problem(
    404,
    'no-evidence',
    'This log is not sealed here; the service seals its log, and so does "apledger log seal".',
  );

export const evidenceAnswers = { evidence, proof };
