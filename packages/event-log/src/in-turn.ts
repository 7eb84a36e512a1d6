/** Work that is done one at a time, in the order in which it was handed over. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** How much of it is not done yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves or rejects as the work does; what failed keeps nothing that comes after it from being done. */
  run<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const result = this.#last.then(work);
    const done = (): void => {
      this.#waiting -= 1;
    };
    this.#last = result.then(done, done);
    return result;
  }

  /** Resolves when everything that was handed over is done. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
