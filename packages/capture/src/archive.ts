/** The tar of a capture: files and links by their paths. Nothing of it is ever written to a disk here. */
import { errorText } from '@apledger/text';
import { packTar, type TarHeader, unpackTar } from 'modern-tar';
import { Unreadable } from './observed.ts';

/** A file's text, or where a link points. */
export type CapturedFile = { readonly text: string } | { readonly target: string };
/** By path without a leading slash: `sys/bus/ap/apmask`. */
export type CapturedFiles = ReadonlyMap<string, CapturedFile>;

/** 256 adapters with 256 queues have some 400,000 files; a real host some ten thousand. */
const MAX_ENTRIES = 500_000;
/** Sysfs shows a page at most; of other files none that is read is longer. */
export const MAX_FILE_BYTES = 64 * 1024;
const MAX_PATH = 255;
/** `../../../../bus/ap/drivers/vfio_ap` is a usual link. */
const MAX_TARGET = 255;

/** The files as a tar, in the order of their paths. `time` is written into every header. */
export function packed(files: CapturedFiles, time: Date): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  return packTar(
    [...files]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, file]) => {
        if ('target' in file)
          return {
            header: { name, size: 0, type: 'symlink', mode: 0o777, mtime: time, linkname: file.target },
          };
        const data = encoder.encode(file.text);
        return { header: { name, size: data.length, mode: 0o444, mtime: time }, body: data };
      }),
  );
}

/**
 * The files of a tar. Throws Unreadable for what is no tar, and for one that has climbing paths, links that lead out of it, devices,
 * a path twice, or more or longer files than a capture has.
 */
export async function unpacked(bytes: Uint8Array): Promise<CapturedFiles> {
  const files = new Map<string, CapturedFile>();
  let entries = 0;
  // Checked while it is unpacked: a hostile header is refused before its content is copied.
  const filter = (header: TarHeader): boolean => {
    if (++entries > MAX_ENTRIES) throw new Unreadable(`the tar has more than ${MAX_ENTRIES} entries`);
    checkEntry(header);
    return header.type !== 'directory' && header.type !== 'pax-global-header';
  };
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    for (const { header, data } of await unpackTar(bytes, { strict: true, filter })) {
      const path = pathOf(header.name);
      if (files.has(path)) throw new Unreadable(`the tar has ${quoted(path)} twice`);
      files.set(
        path,
        header.type === 'symlink'
          ? { target: targetOf(path, header.linkname ?? '') }
          : { text: textOf(decoder, path, data) },
      );
    }
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    throw new Unreadable(`it is no whole tar: ${errorText(error)}`);
  }
  return files;
}

const quoted = (name: string): string => JSON.stringify(name.slice(0, 120));

function checkEntry({ name, size, type = 'file' }: TarHeader): void {
  pathOf(name);
  if (type === 'pax-global-header' || type === 'directory' || type === 'symlink') return;
  if (type !== 'file') throw new Unreadable(`${quoted(name)} in the tar is a ${type}, and no file`);
  if (!(size <= MAX_FILE_BYTES))
    throw new Unreadable(`${quoted(name)} in the tar has ${size} bytes; ${MAX_FILE_BYTES} are the most`);
}

/** The path without `./` before it and `/` behind it. */
function pathOf(name: string): string {
  const path = name.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
  if (path === '.' || path === '') return '.';
  const names = path.split('/');
  if (path.length > MAX_PATH || names.some((one) => one === '' || one === '.' || one === '..'))
    throw new Unreadable(`the path ${quoted(name)} in the tar leads out of it, or is no plain path`);
  return path;
}

/** The link's text. Only its last name is ever used, but a link that leads out of the tar was not made by a capture. */
function targetOf(path: string, target: string): string {
  let depth = path.split('/').length - 1;
  const isInside =
    !target.startsWith('/') &&
    target.length <= MAX_TARGET &&
    target.split('/').every((name) => {
      depth += name === '..' ? -1 : 1;
      return depth >= 0;
    });
  if (!isInside)
    throw new Unreadable(`the link ${quoted(path)} in the tar leads out of it: ${quoted(target)}`);
  return target;
}

function textOf(
  decoder: InstanceType<typeof TextDecoder>,
  path: string,
  data: Uint8Array | undefined,
): string {
  try {
    // tar itself takes the size that sysfs claims, 4096, and fills up with NUL.
    return decoder.decode(data ?? new Uint8Array()).replace(/\0+$/, '');
  } catch {
    throw new Unreadable(`${quoted(path)} in the tar is not UTF-8`);
  }
}
