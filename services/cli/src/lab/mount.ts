/** `apledger lab mount HOST --at DIR`: a simulated host's /sys as a real file system, while this process lives. */
import { once } from 'node:events';
import { join } from 'node:path';
import { line, type Output } from '@apledger/command-line';
import { type LabHostOptions, labDirectory, withLabHost } from './host.ts';

export interface LabMountOptions extends LabHostOptions {
  /** Default: lab/HOST/sys in the data directory. */
  readonly at?: string;
}

/** Resolves with the exit status after the signal, or when somebody else has unmounted it. */
export function labMount(options: LabMountOptions, output: Output, signal: AbortSignal): Promise<number> {
  const at = options.at ?? join(labDirectory(options), 'sys');
  return withLabHost(options, output, async (host) => {
    const asked = signal.aborted ? Promise.resolve() : once(signal, 'abort');
    const mounted = await host.mount(at);
    output.out(line(`apledger lab: ${host.name} at ${mounted.at}`));
    await Promise.race([asked, mounted.ended]);
    if (!signal.aborted) output.note(line(`apledger: ${mounted.at} was unmounted`));
    await mounted.unmount();
    return 0;
  });
}
