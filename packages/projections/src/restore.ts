/** The way back from a view to a state, for whoever has the JSON of a view and the facts after it, and no log: a browser. */
import { maskFromHex, maskOf } from '@apledger/ap';
import type { MatrixView, MdevView } from '@apledger/api';
import { HostState } from './host-state.ts';
import {
  ASSIGNED,
  ATTACHED,
  EFFECTIVE,
  FILTERED,
  FLAGS,
  HAS_EFFECTIVE,
  HAS_FILTERED,
  MIGRATING,
  OPEN,
  REMOVING,
  UUID_WORDS,
} from './mdev-table.ts';
import { MASK_WORDS, PRESENT, VFIO_AP, ZCRYPT } from './queue-rows.ts';
import type { HostViewJson } from './view.ts';

/** The state that the view shows: its view is the same again, and the next facts fold onto it as onto the one it was made of. */
export function stateOfView(view: HostViewJson): HostState {
  const state = new HostState();
  state.register(view.driver);
  state.revision = view.revision;
  state.position = view.position;
  state.occurredAt = Date.parse(view.occurredAt);
  state.apmask.set(maskFromHex(view.apmask));
  state.aqmask.set(maskFromHex(view.aqmask));
  for (const { adapter, queues, zcrypt, vfioAp } of view.cards) {
    const at = state.queues.addRow(adapter);
    const words = state.queues.words;
    words.set(maskOf(queues), at + PRESENT);
    words.set(maskOf(zcrypt), at + ZCRYPT);
    words.set(maskOf(vfioAp), at + VFIO_AP);
  }
  for (const mdev of view.mdevs) restoreMdev(state, mdev);
  return state;
}

function restoreMdev(state: HostState, mdev: MdevView): void {
  const at = state.mdevs.add(uuidWords(mdev.mdev));
  const words = state.mdevs.words;
  setMatrix(words, at + ASSIGNED, mdev);
  if (mdev.guestMatrix !== null) setMatrix(words, at + FILTERED, mdev.guestMatrix);
  if (mdev.effective !== null) setMatrix(words, at + EFFECTIVE, mdev.effective);
  words[at + FLAGS] =
    (mdev.guestMatrix === null ? 0 : HAS_FILTERED) |
    (mdev.effective === null ? 0 : HAS_EFFECTIVE) |
    (mdev.open ? OPEN : 0) |
    (mdev.attached ? ATTACHED : 0) |
    (mdev.removing ? REMOVING : 0) |
    (mdev.migrating ? MIGRATING : 0);
  state.mdevs.setGuest(at, mdev.guest);
}

function setMatrix(words: Uint32Array, at: number, { adapters, domains, controlDomains }: MatrixView): void {
  words.set(maskOf(adapters), at);
  words.set(maskOf(domains), at + MASK_WORDS);
  words.set(maskOf(controlDomains), at + 2 * MASK_WORDS);
}

function uuidWords(uuid: string): Uint32Array {
  const digits = uuid.replaceAll('-', '');
  return Uint32Array.from({ length: UUID_WORDS }, (_, i) =>
    Number.parseInt(digits.slice(8 * i, 8 * i + 8), 16),
  );
}
