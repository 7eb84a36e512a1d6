/** Seals a log for as long as it is followed: a checkpoint within a second of every fact. */
import { setTimeout as wait } from 'node:timers/promises';
import type { EventLog } from '@apledger/event-log';
import { EvidenceError, type Policy, policyOf, verifierText } from '@apledger/evidence';
import { errorText } from '@apledger/text';
import { knownVerifiers } from './keys.ts';
import { Sealer } from './sealer.ts';
import type { Signer } from './signer.ts';
import type { TileFiles } from './tile-files.ts';
import { Witnesses, type WitnessState } from './witnessing.ts';

/** Between the end of one step and the begin of the next. */
const INTERVAL_MS = 400;
/** After a fault: as long as somebody needs to see to it. */
const FAULT_MS = 2000;

/** How the sealer stands. */
export interface SealerState {
  /** Facts that are covered by the newest checkpoint. */
  readonly size: number;
  /** Position of the last of them. */
  readonly position: number;
  /** Why nothing is sealed at the moment; null = all is well. */
  readonly fault: string | null;
  readonly witnesses: readonly WitnessState[];
}

export interface FollowOptions {
  readonly log: EventLog;
  readonly files: TileFiles;
  readonly signer: Signer;
  /** Names the witnesses, as text of c2sp.org/tlog-policy, and as read. */
  readonly policy?: { readonly text: string; readonly policy: Policy } | undefined;
  readonly signal: AbortSignal;
  readonly onState: (state: SealerState) => void;
  /** Gets what an operator should know, once each. */
  readonly report: (message: string) => void;
}

/** Resolves after the signal, when the last facts are sealed. */
export async function followLog(options: FollowOptions): Promise<void> {
  const { files, policy, signal, report, onState } = options;
  const witnesses = new Witnesses(files, policy?.policy ?? policyOf([]), signal);
  let state: SealerState = { size: 0, position: 0, fault: null, witnesses: witnesses.states };
  let sealer: Sealer | undefined;
  let isPolicyWritten = false;
  for (let isLast = false; !isLast; ) {
    isLast = signal.aborted;
    try {
      sealer ??= await Sealer.open(options);
      const { size, position, note } = await sealer.step();
      if (note !== undefined || !isPolicyWritten) await writePolicy(options);
      isPolicyWritten = true;
      if (note !== undefined) witnesses.offer(note);
      if (state.fault !== null) report('the log is sealed again');
      state = { size, position, fault: null, witnesses: witnesses.states };
    } catch (error) {
      const fault = errorText(error);
      if (fault !== state.fault) report(`the log is not sealed: ${fault}`);
      state = { ...state, fault, witnesses: witnesses.states };
      // A refusal is about the log; after any other fault the files may not be what is remembered of them.
      if (!(error instanceof EvidenceError)) sealer = undefined;
    }
    onState(state);
    await wait(state.fault === null ? INTERVAL_MS : FAULT_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** The given policy, or one that names the log's keys alone. */
export async function writePolicy({
  files,
  signer,
  policy,
}: Pick<FollowOptions, 'files' | 'signer' | 'policy'>): Promise<void> {
  const known = await knownVerifiers(signer.directory);
  const logs = known.map((verifier) => `log ${verifierText(verifier)}\n`).join('');
  await files.writePolicy(policy?.text ?? `${logs}quorum none\n`);
}
