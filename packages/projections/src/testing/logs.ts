/** Writing facts into a log the way the command side does, for tests. */
import type { EventLog, JsonObject, NewFact } from '@apledger/event-log';
import { type Fact, factVersion, pack, streamOf } from '@apledger/events';

/** Facts as a log takes them, all of one time. */
export const newFacts = (facts: readonly Fact[], occurredAt = '2026-01-01T00:00:00.000Z'): NewFact[] =>
  facts.map((fact) => ({
    type: fact.type,
    version: factVersion(fact.type),
    occurredAt,
    data: fact.data as unknown as JsonObject,
    packed: pack(fact),
  }));

/** Appends the facts to the host's stream as one commit; `command` numbers the commits of a test. */
export async function record(
  log: EventLog,
  host: string,
  command: number,
  facts: readonly NewFact[],
): Promise<void> {
  await log.append({
    stream: streamOf(host),
    expected: 'any',
    commandId: `00000000-0000-4000-8000-${command.toString(16).padStart(12, '0')}`,
    actor: 'test',
    correlation: 'test',
    facts,
  });
}
