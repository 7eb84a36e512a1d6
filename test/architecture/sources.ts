import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

export interface SourceFile {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** What is made here and not kept: see .gitignore. */
const made = new Set(['.git', '.cache', 'node_modules', 'dist', 'apledger-data', 'apledger-data-signer']);

/** Paths of the project's files, from the root. A walk, not `git ls-files`: an archive of the sources has no git. */
export function projectFiles(under = ''): string[] {
  return readdirSync(join(root, under), { withFileTypes: true })
    .filter((entry) => !made.has(entry.name) && !entry.name.endsWith('.tsbuildinfo'))
    .flatMap((entry) => {
      const path = under === '' ? entry.name : `${under}/${entry.name}`;
      if (entry.isDirectory()) return projectFiles(path);
      return entry.isFile() ? [path] : [];
    });
}

export function read(path: string): SourceFile {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

// The formatter, which the tests run first, puts every static import at the start of a line and closes one of
// several lines with `} from '...'`. So these need no parser, and a comment or an apostrophe cannot hide an import.
const importForms = [
  /^(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\} from ['"]([^'"]+)['"]/gm,
  /^import\s*['"]([^'"]+)['"]/gm,
  /\b(?:import|require|getBuiltinModule|import\.meta\.resolve)\(\s*['"`]([^'"`]+)['"`]/g,
];

/** What a module names in its imports, types and dynamic imports included. */
export function importsOf(text: string): string[] {
  const found = importForms.flatMap((form) => [...text.matchAll(form)].map((match) => match[1] ?? ''));
  return [...new Set(found)].filter((specifier) => !specifier.includes('${')); // computed
}
