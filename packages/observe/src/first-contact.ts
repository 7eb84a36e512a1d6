/** A host that nobody has seen before: as its hardware and boot parameters make it. */
import { detectGeneration, registrationOf } from '@apledger/capture';
import { HostState } from '@apledger/host';
import type { Unsaid } from './explain.ts';
import { History, type Step } from './history.ts';
import type { Snapshot } from './snapshot.ts';

interface Registered {
  readonly state: HostState;
  readonly step: Step;
  /** What had to be taken without any file saying so. */
  readonly unsaid: readonly Unsaid[];
}

/** The first facts of a host of that name. What was changed since its boot is explained from there. */
export function registered(seen: Snapshot, name: string): Registered {
  const { driver } = detectGeneration(seen.host);
  const { command, problems } = registrationOf(seen.host, name, driver);
  const history = new History(new HostState());
  const refusal = history.attempt([command], {});
  const [step] = history.steps;
  if (refusal !== undefined || step === undefined)
    throw new Error(`host ${name} cannot be registered: ${refusal?.explanation ?? 'the rules give no fact'}`);
  const unsaid = problems.map(({ where, what }) => ({ what: where, reason: what }));
  return { state: history.state, step, unsaid };
}
