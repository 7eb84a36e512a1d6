/** The spool's file as it is found when an agent starts: read up to its last whole record, or put aside. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ImpossibleFact } from '@apledger/host';
import { Contents } from './contents.ts';
import { readIfThere, syncDirectory } from './files.ts';
import { readRecords } from './records.ts';

export interface Found {
  /** Undefined: nothing can be gone on with. */
  readonly contents: Contents | undefined;
  /** The file is good up to here, bytes, and is written on. Undefined: it was put aside. */
  readonly goodBytes: number | undefined;
  /** Why it was put aside, and where it is now. */
  readonly lost: string | null;
}

/**
 * A record that was never finished is passed over; a damaged file is put aside under another name. Undefined where there is none.
 * Throws what files throw.
 */
export async function findSpool(
  directory: string,
  name: string,
  { report, now }: { readonly report: (line: string) => void; readonly now: () => Date },
): Promise<Found | undefined> {
  const bytes = await readIfThere(join(directory, name));
  if (bytes === undefined) return undefined;
  const { records, goodBytes, damage } = readRecords(bytes);
  const contents = contentsOf(records);
  if (damage === 'torn')
    report(`spool: the last record was not finished; ${bytes.length - goodBytes} bytes are cut off`);
  if (damage !== 'corrupt' && contents !== undefined) return { contents, goodBytes, lost: null };
  const aside = `${name}.${now().toISOString().replaceAll(':', '')}`;
  await rename(join(directory, name), join(directory, aside));
  await syncDirectory(directory);
  const why = damage === 'corrupt' ? `damaged at byte ${goodBytes}` : 'of another version';
  const lost = `the agent's spool was ${why}; it is kept as ${aside}`;
  report(`spool: ${lost}`);
  return { contents, goodBytes: undefined, lost };
}

function contentsOf(records: Parameters<typeof Contents.ofRecords>[0]): Contents | undefined {
  try {
    return Contents.ofRecords(records);
  } catch (error) {
    if (error instanceof ImpossibleFact) return undefined;
    throw error;
  }
}
