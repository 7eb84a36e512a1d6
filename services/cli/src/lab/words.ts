/** From the words of a command line to a step of a script. */
import { Failure } from '@apledger/command-line';
import { parseStep, ScriptError, type Step } from '@apledger/script';

/** The step that these words are, each as it stands. Throws Failure. */
export function stepOf(words: readonly string[]): Step {
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  try {
    return { ...parseStep(quoted.join(' ')), source: words.join(' ') };
  } catch (error) {
    if (error instanceof ScriptError) throw new Failure(2, error.message.replace(/^line 1: /, ''));
    throw error;
  }
}
