/** Who had which mdev open at a position: folded from packed facts, since every start of the relay asks it of the whole log before. */
import { type EventLog, packedFacts } from '@apledger/event-log';
import { hostOf, OP, PackedReader } from '@apledger/events';
import { Attachments } from '../subjects.ts';

const UUID_WORDS = 4;

/** The attachments after the fact at `position`. */
export async function attachmentsAt(log: EventLog, position: number): Promise<Attachments> {
  const attachments = new Attachments();
  const reader = new PackedReader();
  const words = new Uint32Array(UUID_WORDS);
  for await (const page of log.readPacked({ upTo: position })) {
    for (const { stream, bytes, offset, length } of packedFacts(page)) {
      const type = length === 0 ? undefined : TYPES.get(bytes[offset] ?? 0);
      if (type === undefined) continue;
      const host = hostOf(page.streamName(stream));
      if (host === undefined) continue;
      reader.open(bytes, offset + 1, length - 1);
      reader.words(words, 0, UUID_WORDS);
      const guest = type === 'GuestStarted' && reader.u8() <= 1 ? reader.text() : null;
      attachments.follow(host, { kind: 'mdev', id: uuidOf(words) }, type, { guest });
    }
  }
  return attachments;
}

const TYPES: ReadonlyMap<number, string> = new Map([
  [OP.guestStarted, 'GuestStarted'],
  [OP.guestStopped, 'GuestStopped'],
  [OP.mdevRemoved, 'MdevRemoved'],
]);

function uuidOf(words: Uint32Array): string {
  const hex = Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
