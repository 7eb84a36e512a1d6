/** Facts about the ledger as the log takes and gives them. */
import type { RecordedAccess } from '@apledger/access';
import type { Auth, EventLog, NewFact, RecordedFact } from '@apledger/event-log';
import { LEDGER_FACT_VERSION, type LedgerFact, parseLedgerFact } from '@apledger/events';

export const ACCESS_STREAM = 'access';

const NOTHING = new Uint8Array();

/** Checked when written, as it will be when read. Throws InvalidFact. */
function newLedgerFact(fact: LedgerFact, occurredAt: string): NewFact {
  const { type, data } = parseLedgerFact(fact.type, LEDGER_FACT_VERSION, fact.data);
  return { type, version: LEDGER_FACT_VERSION, occurredAt, data, packed: NOTHING };
}

/** Throws UnknownFact and InvalidFact. */
export const recordedAccess = ({ type, version, data, auth, occurredAt }: RecordedFact): RecordedAccess => ({
  fact: parseLedgerFact(type, version, data),
  by: auth === undefined ? undefined : { issuer: auth.issuer ?? '', subject: auth.subject },
  occurredAt,
});

/** Who is recorded as having done something. */
export interface Author {
  readonly actor: string;
  readonly auth?: Auth;
  readonly claimed?: string;
}

/** Appends behind the revision that was decided on. Throws WrongExpectedRevision. */
export async function appendLedgerFacts(
  log: EventLog,
  stream: string,
  revision: number | 'any',
  facts: readonly LedgerFact[],
  author: Author,
  at: string,
): Promise<void> {
  const commandId = crypto.randomUUID();
  await log.append({
    stream,
    expected: revision === -1 ? 'none' : revision,
    commandId,
    correlation: commandId,
    ...author,
    facts: facts.map((fact) => newLedgerFact(fact, at)),
  });
}
