/** Any file that an import takes, told by its content. */
import { isBootParameters, readBootParameters } from './boot-parameters.ts';
import { readCapture } from './capture.ts';
import { isLszcrypt, readLszcrypt } from './lszcrypt.ts';
import { readMdevctlList } from './mdevctl.ts';
import { readNodeDevices } from './node-device.ts';
import { type Reading, Unreadable } from './observed.ts';
import { isApRule, readApRule } from './udev-rule.ts';

/** A text that an import reads is never longer; a capture is a tar. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024;
/** Where a tar has its magic. */
const TAR_MAGIC = { at: 257, text: 'ustar' };

/**
 * Reads a capture, `mdevctl list --dumpjson`, libvirt's node devices, `lszcrypt -V`, 41-ap.rules or a kernel command line. Throws
 * Unreadable for anything else.
 */
export async function readImport(bytes: Uint8Array, where: string): Promise<Reading> {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    throw new Unreadable(`${where} is compressed: unpack it with gunzip first`);
  const { at, text: magic } = TAR_MAGIC;
  if (new TextDecoder('latin1').decode(bytes.subarray(at, at + magic.length)) === magic)
    return readCapture(bytes, where);
  const text = textOf(bytes, where);
  const start = text.trimStart()[0];
  if (start === '[' || start === '{') return readMdevctlList(text, where);
  if (start === '<') return readNodeDevices(text, where);
  if (isLszcrypt(text)) return readLszcrypt(text, where);
  if (isApRule(text)) return readApRule(text, where);
  if (isBootParameters(text)) return readBootParameters(text, where);
  throw new Unreadable(
    `${where} is not understood. Give a tar of apledger capture, mdevctl list -d --dumpjson, virsh nodedev-dumpxml, lszcrypt -V, 41-ap.rules, or a kernel command line with ap.apmask=.`,
  );
}

function textOf(bytes: Uint8Array, where: string): string {
  if (bytes.length > MAX_TEXT_BYTES)
    throw new Unreadable(`${where} has ${bytes.length} bytes and is no tar; ${MAX_TEXT_BYTES} are the most`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Unreadable(`${where} is neither a tar nor UTF-8 text`);
  }
}
