/** What a write to `ap_config` says (driver-rules 5.5). */
import { parseAbsoluteMask } from './mask-text.ts';
import type { ControlledMatrix } from './matrix.ts';
import { cString } from './number.ts';

/** The driver copies this many bytes: three masks of 66 characters, two commas and a newline. */
const AP_CONFIG_BYTES = 201;

/**
 * The three masks of an `ap_config` write; undefined = EINVAL. Fields end at `,` or a newline, may be empty,
 * and what follows the third is ignored.
 */
export function parseApConfig(text: string): ControlledMatrix | undefined {
  const fields = cString(text.slice(0, AP_CONFIG_BYTES)).split(/[,\n]/);
  if (fields.length < 3) return undefined;
  const [adapters, domains, controlDomains] = fields.slice(0, 3).map(parseAbsoluteMask);
  if (adapters === undefined || domains === undefined || controlDomains === undefined) return undefined;
  return { adapters, domains, controlDomains };
}
