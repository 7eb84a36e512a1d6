/** Facts of a host that an agent watches, in words. */
import type { Fact, FactOf } from '@apledger/events';

type ObservationFact = Extract<
  Fact,
  {
    type:
      | `Host${'Observed' | 'Booted'}`
      | `Observation${string}`
      | 'WriteAttempted'
      | 'DriftDetected'
      | 'BootFilesSeen'
      | 'AgentFenced'
      | `Command${'Requested' | 'Settled'}`;
  }
>;

/** An observation in one line, without its type; undefined for every other fact. */
export function describeObservation(given: Fact): string | undefined {
  const fact = given as ObservationFact;
  switch (fact.type) {
    case 'ObservationBegan':
      return began(fact.data);
    case 'HostObserved':
      return observed(fact.data);
    case 'HostBooted':
      return `boot ${fact.data.boot}, before ${fact.data.before ?? 'unknown'}`;
    case 'ObservationStalled':
      return `${fact.data.file} gave no answer from ${fact.data.from} to ${fact.data.to}`;
    case 'ObservationIncomplete':
      return `${fact.data.what}: ${fact.data.reason}`;
    case 'ObservationsDropped':
      return `${fact.data.commits} commits from ${fact.data.from} to ${fact.data.to}: ${fact.data.reason}`;
    case 'WriteAttempted':
      return `${fact.data.file}${fact.data.kernelLog === undefined ? '' : `: ${fact.data.kernelLog}`}`;
    case 'DriftDetected':
      return `${fact.data.what} is ${fact.data.actual}; by the rules ${fact.data.predicted}, after ${fact.data.step}`;
    case 'BootFilesSeen':
      return bootFiles(fact.data);
    case 'AgentFenced':
      return `agent ${fact.data.agent} of epoch ${fact.data.epoch}; epoch ${fact.data.by} watches the host`;
    case 'CommandRequested':
      return `${fact.data.command.type}, until ${fact.data.until}`;
    case 'CommandSettled':
      return `${fact.data.outcome}${fact.data.errno === undefined ? '' : `, ${fact.data.errno}`}: ${fact.data.explanation}`;
    default:
      fact satisfies never;
      return undefined;
  }
}

const bootFiles = ({ files, unread }: FactOf<'BootFilesSeen'>['data']): string => {
  const missed = unread.length === 0 ? '' : `; not read: ${unread.map(({ file }) => file).join(', ')}`;
  return `${files.map(({ file }) => file).join(', ')}${missed}`;
};

const began = ({ epoch, kernel, detected }: FactOf<'ObservationBegan'>['data']): string =>
  `epoch ${epoch}, kernel ${kernel}; ${detected.join('; ')}`;

function observed({
  notBefore,
  notAfter,
  settled,
  certainty,
  evidence,
}: FactOf<'HostObserved'>['data']): string {
  const since = notBefore === null ? 'first look' : `between ${notBefore}`;
  const who = evidence.map(({ source, actor }) =>
    actor === undefined ? source : `${source} names ${actor}`,
  );
  const unsettled = settled ? '' : '; the host did not stand still';
  return `${since} and ${notAfter}; evidence ${certainty}${who.length === 0 ? '' : `: ${who.join(', ')}`}${unsettled}`;
}
