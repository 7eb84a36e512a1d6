/** What happened as commits: with the interval that it lies in, and who did it. */
import type { DraftCommit, Known, Step, Witness } from '@apledger/observe';

/** What all commits of one look have in common. */
export type Frame = Omit<DraftCommit, 'facts' | 'certainty' | 'evidence' | 'actor'>;

/** Of a look that ended at `to`. */
export function frameOf({ seenAt, boot }: Known, to: string, settled: boolean): Frame {
  // The clock of the machine may have been put back.
  const notBefore = seenAt !== null && seenAt > to ? to : seenAt;
  return { boot: boot ?? 'unknown', notBefore, notAfter: to, occurredAt: to, settled, wasAway: false };
}

const MAX_EVIDENCE = 64;

/** Asks who did it. */
export async function draftOf(
  { facts, files, mdevs, at, evidence }: Step,
  frame: Frame,
  witness: Witness,
): Promise<DraftCommit> {
  const { notBefore, notAfter } = frame;
  const testimony = await witness.evidenceFor({ notBefore, notAfter }, { files, mdevs });
  const isInside = at !== undefined && at <= notAfter && (notBefore === null || at >= notBefore);
  return {
    ...frame,
    ...testimony,
    evidence: [...testimony.evidence, ...evidence].slice(0, MAX_EVIDENCE),
    occurredAt: isInside ? at : notAfter,
    facts,
  };
}
