/** What went wrong with a file, in the words of the kernel and of Node. */

/** `ENOENT`; undefined for what is no error of the system. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
