/** Who had which mdev open at a position: folded from packed facts, since every start of the relay asks it of the whole log before. */
import { type EventLog, packedFacts } from '@apledger/event-log';
import { hostOf, readTurn } from '@apledger/events';
import { Attachments } from '../subjects.ts';

/** The attachments after the fact at `position`. */
export async function attachmentsAt(log: EventLog, position: number): Promise<Attachments> {
  const attachments = new Attachments();
  for await (const page of log.readPacked({ upTo: position })) {
    for (const { stream, bytes, offset, length } of packedFacts(page)) {
      const turn = readTurn(bytes, offset, length);
      if (turn === undefined) continue;
      const host = hostOf(page.streamName(stream));
      if (host === undefined) continue;
      const { type, mdev, guest } = turn;
      attachments.follow(host, { kind: 'mdev', id: mdev }, type, { guest });
    }
  }
  return attachments;
}
