/** What ends the program, in a message that names the thing, the reason and what helps. */
export class Failure extends Error {
  override readonly name = 'Failure';
  /** 1 = it ran and had to end, 2 = it could not begin. */
  readonly status: 1 | 2;
  constructor(status: 1 | 2, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.status = status;
  }
}
