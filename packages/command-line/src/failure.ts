/** What ends a command: an exit status and a message that names the thing, the reason and the remedy. */
export class Failure extends Error {
  override readonly name = 'Failure';
  /** 1 = what was asked for failed or found something wrong, 2 = it could not be carried out as asked. */
  readonly status: 1 | 2;
  /** The message: each is printed as a line of its own, and no name in one makes another. */
  readonly lines: readonly string[];
  constructor(status: 1 | 2, message: string | readonly string[], cause?: unknown) {
    const lines = typeof message === 'string' ? [message] : message;
    super(lines.join('\n'), cause === undefined ? {} : { cause });
    this.status = status;
    this.lines = lines;
  }
}
