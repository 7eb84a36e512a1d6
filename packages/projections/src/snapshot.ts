/**
 * A host's state as bytes: the same state gives the same bytes, however it was reached. In the units of packed facts:
 *
 *     u8 version, u32 revision + 1, f64 position, f64 occurredAt
 *     u8 driver generation (0 = not registered: nothing follows), mask apmask, mask aqmask
 *     u16 adapters, ascending; each u8 APID, ids present, ids bound to zcrypt, ids bound to vfio_ap
 *     u32 mdevs, oldest first; each uuid, u8 flags, text guest, 3 ids assigned,
 *         3 ids filtered and 3 ids effective where the flags say that there is such a matrix
 *
 * A snapshot is a cache: what cannot be read is treated as absent, never as an error.
 */
import {
  CorruptPayload,
  generationCode,
  generationOfCode,
  PackedReader,
  PackedWriter,
} from '@apledger/events';
import { HostState } from './host-state.ts';
import {
  ASSIGNED,
  EFFECTIVE,
  FILTERED,
  FLAGS,
  HAS_EFFECTIVE,
  HAS_FILTERED,
  MATRIX_WORDS,
  UUID_WORDS,
} from './mdev-table.ts';
import { MASK_WORDS, ROW_WORDS } from './queue-rows.ts';

const VERSION = 1;
const NOT_REGISTERED = 0;

const writer = new PackedWriter();
const reader = new PackedReader();
const uuid = new Uint32Array(UUID_WORDS);

/** The state as bytes. */
export function takeSnapshot(state: HostState): Uint8Array<ArrayBuffer> {
  writer.clear();
  writer
    .u8(VERSION)
    .u32(state.revision + 1)
    .f64(state.position)
    .f64(state.occurredAt);
  if (state.driver === undefined) return writer.u8(NOT_REGISTERED).take();
  writer
    .u8(generationCode(state.driver))
    .words(state.apmask, 0, MASK_WORDS)
    .words(state.aqmask, 0, MASK_WORDS);
  writeQueues(state);
  writeMdevs(state);
  return writer.take();
}

function writeQueues(state: HostState): void {
  const adapters = state.queues.adapters();
  writer.u16(adapters.length);
  for (const adapter of adapters) {
    writer.u8(adapter);
    writeMasks(state.queues.words, state.queues.offsetOf(adapter), ROW_WORDS);
  }
}

function writeMdevs(state: HostState): void {
  const words = state.mdevs.words;
  writer.u32(state.mdevs.count);
  for (const at of state.mdevs.inOrder()) {
    const flags = words[at + FLAGS] ?? 0;
    writer.words(words, at, UUID_WORDS).u8(flags).text(state.mdevs.guestOf(at));
    writeMasks(words, at + ASSIGNED, MATRIX_WORDS);
    if (flags & HAS_FILTERED) writeMasks(words, at + FILTERED, MATRIX_WORDS);
    if (flags & HAS_EFFECTIVE) writeMasks(words, at + EFFECTIVE, MATRIX_WORDS);
  }
}

function writeMasks(words: Uint32Array, offset: number, count: number): void {
  for (let field = 0; field < count; field += MASK_WORDS) writer.ids(words, offset + field);
}

/** The state that was serialised; undefined when the bytes are of another version or damaged. */
export function readSnapshot(bytes: Uint8Array): HostState | undefined {
  try {
    reader.open(bytes, 0, bytes.length);
    if (reader.u8() !== VERSION) return undefined;
    const state = readState();
    reader.close();
    return state;
  } catch (error) {
    if (error instanceof CorruptPayload) return undefined;
    throw error;
  }
}

function readState(): HostState {
  const state = new HostState();
  state.revision = reader.u32() - 1;
  state.position = reader.f64();
  state.occurredAt = reader.f64();
  const code = reader.u8();
  if (code === NOT_REGISTERED) return state;
  const driver = generationOfCode(code);
  if (driver === undefined) throw new CorruptPayload(`no driver generation ${code}`);
  state.register(driver);
  reader.words(state.apmask, 0, MASK_WORDS);
  reader.words(state.aqmask, 0, MASK_WORDS);
  for (let adapters = reader.u16(); adapters > 0; adapters--) {
    const at = state.queues.addRow(reader.u8());
    readMasks(state.queues.words, at, ROW_WORDS);
  }
  for (let mdevs = reader.u32(); mdevs > 0; mdevs--) readMdev(state);
  return state;
}

function readMdev(state: HostState): void {
  reader.words(uuid, 0, UUID_WORDS);
  const at = state.mdevs.add(uuid);
  const words = state.mdevs.words;
  const flags = reader.u8();
  words[at + FLAGS] = flags;
  state.mdevs.setGuest(at, reader.text());
  readMasks(words, at + ASSIGNED, MATRIX_WORDS);
  if (flags & HAS_FILTERED) readMasks(words, at + FILTERED, MATRIX_WORDS);
  if (flags & HAS_EFFECTIVE) readMasks(words, at + EFFECTIVE, MATRIX_WORDS);
}

function readMasks(words: Uint32Array, offset: number, count: number): void {
  for (let field = 0; field < count; field += MASK_WORDS) reader.ids(words, offset + field);
}
