/** Code in the documents, so that tests can run it as it is written there. */
import { readFileSync } from 'node:fs';

/** The fenced blocks of a language in a Markdown file, in their order. */
export const codeBlocks = (path: string, language: string): readonly string[] =>
  [...readFileSync(path, 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, found, text = '']) =>
    found === language ? [text] : [],
  );
