/** Names of mdevs in facts, as of each fact: a past fact is not told with the guest of today. */
import type { Reply } from '@apledger/api';
import type { RecordedFact } from '@apledger/event-log';
import { hostOf } from '@apledger/events';
import type { LogLedger } from '../log-ledger.ts';

const UUID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;

/** Who had the mdevs open that the facts name; `texts` are the facts as JSON. */
export async function guestsThen(
  ledger: LogLedger,
  facts: readonly RecordedFact[],
  texts: readonly string[],
): Promise<Reply<'events'>['guests']> {
  await ledger.guests.update();
  const found: Record<string, Record<string, string>> = {};
  facts.forEach(({ stream, position }, i) => {
    const host = hostOf(stream);
    if (host === undefined) return;
    const names: Record<string, string> = {};
    for (const [mdev] of texts[i]?.matchAll(UUID) ?? []) {
      const guest = ledger.guests.guestAt(host, mdev, position);
      if (guest !== undefined) names[mdev] = guest;
    }
    if (Object.keys(names).length > 0) found[position] = names;
  });
  return found;
}
