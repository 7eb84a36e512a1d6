/** What becomes of a program when nobody takes what it prints. */

/** Of a program named so. Called once, by the program itself: it listens to the streams of the process. */
interface Guard {
  readonly name: string;
  /** It is there for others, and what it prints is only told beside: it goes on. Default: its answer is what it prints, so it ends. */
  readonly goesOn?: boolean;
}

/**
 * A reader of standard output that has seen enough (`| head`) ends the program as it ends any other, without complaint. Another error
 * there ends it with status 2. What standard error does not take is lost, and changes nothing else.
 */
export function guardOutput({ name, goesOn = false }: Guard): void {
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (goesOn) return;
    if (error.code === 'EPIPE') process.exit(141); // 128 + SIGPIPE
    process.stderr.write(`${name}: standard output cannot be written: ${error.message}\n`);
    process.exit(2);
  });
}
