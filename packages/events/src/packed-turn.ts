/** Who opened an mdev, or let go of it: read from a packed fact, for those who need not fold its host. */
import { OP } from './packed.ts';
import { PackedReader, uuidText } from './packed-codec.ts';

interface PackedTurn {
  /** MdevAttached and MdevDetached are packed as GuestStarted and GuestStopped. */
  readonly type: 'GuestStarted' | 'GuestStopped' | 'MdevRemoved';
  readonly mdev: string;
  /** Of GuestStarted: null = opened by something that is no KVM guest. */
  readonly guest: string | null;
}

const TYPES: ReadonlyMap<number, PackedTurn['type']> = new Map([
  [OP.guestStarted, 'GuestStarted'],
  [OP.guestStopped, 'GuestStopped'],
  [OP.mdevRemoved, 'MdevRemoved'],
]);
const UUID_WORDS = 4;
const words = new Uint32Array(UUID_WORDS);
const reader = new PackedReader();

/** The turn of the payload `bytes[offset .. offset + length)`; undefined for any other fact. Throws CorruptPayload. */
export function readTurn(bytes: Uint8Array, offset: number, length: number): PackedTurn | undefined {
  const type = length === 0 ? undefined : TYPES.get(bytes[offset] ?? 0);
  if (type === undefined) return undefined;
  reader.open(bytes, offset + 1, length - 1);
  reader.words(words, 0, UUID_WORDS);
  const guest = type === 'GuestStarted' && reader.u8() <= 1 ? reader.text() : null;
  return { type, mdev: uuidText(words, 0), guest };
}
