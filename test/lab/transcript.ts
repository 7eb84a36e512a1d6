/**
 * Transcripts: what is typed in a lab and what has to appear, as one would see it on two terminals.
 *
 *     lab# cat /sys/bus/ap/ap_domain        typed into the bash inside of the lab
 *     4
 *     $ apledger show guest web             typed elsewhere, on the same machine
 */
import type { Lab } from './support.ts';

/** One command and the output that follows it. */
export interface Step {
  readonly terminal: 'lab# ' | '$ ';
  readonly command: string;
  readonly output: string;
}

/** The steps of a transcript. Lines before the first command are ignored. */
export function readTranscript(text: string): readonly Step[] {
  const steps: { terminal: Step['terminal']; command: string; output: string[] }[] = [];
  for (const line of text.trim().split('\n')) {
    const terminal = (['lab# ', '$ '] as const).find((prompt) => line.startsWith(prompt));
    if (terminal !== undefined) steps.push({ terminal, command: line.slice(terminal.length), output: [] });
    else steps.at(-1)?.output.push(line);
  }
  return steps.map((step) => ({ ...step, output: step.output.join('\n').trimEnd() }));
}

/** Without what differs from one run to the next (times, process ids, who runs it, the machine), and blanks at line ends. */
export const timeless = (text: string): string =>
  text
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/pid=\d+/g, 'pid=N')
    .replace(/\buid=\d+/g, 'uid=N')
    .replace(/\bby \w[\w-]*@\S+/g, 'by USER')
    .replace(/ +$/gm, '')
    .trimEnd();

/** Types the steps and collects what appeared instead: equal to `steps` when all is as it has to be. */
export async function typed(lab: Lab, steps: readonly Step[]): Promise<readonly Step[]> {
  const seen: Step[] = [];
  for (const step of steps) {
    const output =
      step.terminal === 'lab# ' ? (await lab.type(step.command)).text : await elsewhere(lab, step.command);
    seen.push({ ...step, output: timeless(output) });
  }
  return seen;
}

async function elsewhere(lab: Lab, command: string): Promise<string> {
  const [program, ...args] = command.split(' ');
  if (program !== 'apledger') throw new Error(`only apledger can be typed elsewhere: ${command}`);
  const { out, err } = await lab.apledger(...args);
  return err + out;
}
