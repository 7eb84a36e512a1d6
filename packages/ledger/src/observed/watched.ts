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
  /** When its epoch began, and which kernel ran then. */
  since = '';
  boot = '';
  lastSequence = 0;
  /** By the command's id, the oldest first. */
  readonly open = new Map<string, Open>();

  fold(recorded: RecordedFact): void {
    this.revision = recorded.revision;
    this.position = recorded.position;
    if (!CONCERNS.has(recorded.type)) return;
    const fact = parseFact(recorded.type, recorded.version, recorded.data);
    switch (fact.type) {
      case 'ObservationBegan':
        this.epoch = fact.data.epoch;
        this.agent = fact.data.agent;
        this.boot = fact.data.boot;
        this.since = recorded.occurredAt;
        this.lastSequence = 0;
        return;
      case 'HostObserved':
        this.lastSequence = fact.data.sequence;
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
]);
