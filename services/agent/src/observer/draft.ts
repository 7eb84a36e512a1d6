/** Commits of what was seen, before the spool numbers them. */
import type { Fact } from '@apledger/events';
import type { DraftCommit, Known, Step, Witness } from '@apledger/observe';

const MAX_EVIDENCE = 64;

/** What all commits of one look have in common. */
export type Frame = Omit<DraftCommit, 'facts' | 'certainty' | 'evidence' | 'actor'>;

/** Of a look that ended at `to`, ISO 8601. */
export function frameOf(known: Known, to: string, settled: boolean): Frame {
  // The clock of the machine may have been put back.
  const notBefore = known.seenAt !== null && known.seenAt > to ? to : known.seenAt;
  const boot = known.boot ?? 'unknown';
  return { boot, notBefore, notAfter: to, occurredAt: to, settled, wasAway: false };
}

/** The step as a commit, once the witness has said who did it. */
export async function draftOf(
  witness: Witness,
  { facts, files, mdevs, at, evidence }: Step,
  frame: Frame,
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

const LOST: Fact = {
  type: 'ObservationIncomplete',
  data: {
    what: 'writes',
    reason:
      'so many files changed between two looks that the kernel may have dropped events: others may have been written to no effect',
  },
};

/** Watches may have missed something. */
export const LOSS: Step = { facts: [LOST], files: [], mdevs: [], at: undefined, evidence: [] };
