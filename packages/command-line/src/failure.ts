/** What ends a command: an exit status and a message that names the thing, the reason and the remedy. */
export class Failure extends Error {
  override readonly name = 'Failure';
  /** 1 = what was asked for failed or found something wrong, 2 = it could not be carried out as asked. */
  readonly status: 1 | 2;
  constructor(status: 1 | 2, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.status = status;
  }
}
