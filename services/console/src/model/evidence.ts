/** What the page says of evidence, and how it checks an evidence file: here, by WebCrypto, and not by asking the service. */
import type { EvidenceState } from '@apledger/api';
import { type Endorsement, type Proven, parsePolicy, verifyProof } from '@apledger/evidence';
import { formatClock } from './moment.ts';

const count = (number: number): string => number.toLocaleString('en-GB');

/** "sealed to 41,207 at 09:14, signed, 2 of 3 witnesses"; undefined where nothing is sealed. */
export function sealWords(state: EvidenceState): string | undefined {
  if (state.fault !== null) return 'not sealed';
  if (state.origin === null || state.signedAt === null) return undefined;
  const at = formatClock(Date.parse(state.signedAt)).slice(0, 5);
  const fresh = state.witnesses.filter(({ size }) => size === state.size).length;
  const witnesses =
    state.witnesses.length === 0
      ? ''
      : `, ${fresh} of ${state.witnesses.length} witness${state.witnesses.length === 1 ? '' : 'es'}`;
  return `sealed to ${count(state.size)} at ${at}, signed${witnesses}`;
}

/** Checks an evidence file by the policy that the service names. Throws EvidenceError. */
export async function checkProof(text: string, policy: string | null): Promise<Proven & Endorsement> {
  return verifyProof(text, { ...(await parsePolicy(policy ?? '')), quorum: 'none' });
}

/** What was proven, in a sentence. */
export function provenWords({ index, checkpoint, witnesses }: Proven & Endorsement): string {
  const by = witnesses.length === 0 ? '' : `, cosigned by ${witnesses.map(({ name }) => name).join(', ')}`;
  return `Checked here: fact ${count(index + 1)} of ${count(checkpoint.size)}, signed by ${checkpoint.origin}${by}`;
}
