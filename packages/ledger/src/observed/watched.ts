/** What the facts of a host say of its agent: who it is, how far it has told, and which commands it has not settled. */
import type { CommandRequest } from '@apledger/agent-protocol';
import type { RecordedFact } from '@apledger/event-log';
import { parseFact } from '@apledger/events';

type Open = Omit<CommandRequest, 'leftMs'>;

/** Folded in place. */
export class Watched {
  revision = -1;
  position = 0;
  /** 0 = no agent. */
  epoch = 0;
  agent = '';
  /** The revision at which its epoch began. */
  began = -1;
  /** When its epoch began, and which kernel ran then. */
  since = '';
  boot = '';
  lastSequence = 0;
  /** What its agents have told of how well they see it. */
  readonly troubles = { drifts: 0, stalls: 0, unsettled: 0, dropped: 0 };
  /** When this process heard of the agent last, by a clock that is never set; undefined = it did not. */
  heardAt: number | undefined;
  /** By the command's id, the oldest first. */
  readonly open = new Map<string, Open>();

  /** Whether this agent watches the host. If so, it was heard of now. */
  hears(agent: string, epoch: number): boolean {
    const isOurs = this.epoch === epoch && this.agent === agent;
    if (isOurs) this.heardAt = performance.now();
    return isOurs;
  }

  fold(recorded: RecordedFact): void {
    this.revision = recorded.revision;
    this.position = recorded.position;
    if (!CONCERNS.has(recorded.type)) return;
    const fact = parseFact(recorded.type, recorded.version, recorded.data);
    switch (fact.type) {
      case 'ObservationBegan':
        this.epoch = fact.data.epoch;
        this.agent = fact.data.agent;
        this.began = recorded.revision;
        this.boot = fact.data.boot;
        this.since = recorded.occurredAt;
        this.lastSequence = 0;
        return;
      case 'HostObserved':
        this.lastSequence = fact.data.sequence;
        if (!fact.data.settled) this.troubles.unsettled += 1;
        return;
      case 'DriftDetected':
        this.troubles.drifts += 1;
        return;
      case 'ObservationStalled':
        this.troubles.stalls += 1;
        return;
      case 'ObservationsDropped':
        this.troubles.dropped += fact.data.commits;
        return;
      case 'CommandRequested': {
        const { request, command, until } = fact.data;
        const { actor, occurredAt: requestedAt, revision } = recorded;
        const asked = command as CommandRequest['command'];
        this.open.set(request, { request, command: asked, requestedAt, until, actor, revision });
        return;
      }
      case 'CommandSettled':
        this.open.delete(fact.data.request);
        return;
      default:
        return;
    }
  }

  /** The open commands as the agent hears of them; `now` in milliseconds since 1970. */
  requests(now: number): CommandRequest[] {
    return [...this.open.values()].map((request) => ({
      ...request,
      leftMs: Math.max(0, Math.round(Date.parse(request.until) - now)),
    }));
  }
}

const CONCERNS: ReadonlySet<string> = new Set([
  'ObservationBegan',
  'HostObserved',
  'CommandRequested',
  'CommandSettled',
  'DriftDetected',
  'ObservationStalled',
  'ObservationsDropped',
]);
