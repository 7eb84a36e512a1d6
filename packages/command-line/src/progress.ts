/** One line on a terminal that says how far long work is, and goes when something else is printed. */

/** So long nothing was printed, until a person wonders. */
const SILENCE_MS = 2000;
const TICK_MS = 500;
/** A longer line would wrap, and stay. */
const MAX_WIDTH = 78;
const CLEAR = '\r\x1b[K';

export class ProgressLine {
  readonly #write: (text: string) => void;
  readonly #started = performance.now();
  #printed = performance.now();
  #text = '';
  #isDrawn = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** What to say from now on; '' for nothing. */
  show(text: string): void {
    this.#text = text;
    if (text === '') this.clear();
    else this.#timer ??= setInterval(() => this.#draw(), TICK_MS).unref();
  }

  /** Takes the line away: something else is printed now. */
  clear(): void {
    this.#printed = performance.now();
    if (this.#isDrawn) this.#write(CLEAR);
    this.#isDrawn = false;
  }

  end(): void {
    clearInterval(this.#timer);
    this.clear();
  }

  #draw(): void {
    const now = performance.now();
    if (this.#text === '' || now - this.#printed < SILENCE_MS) return;
    const seconds = Math.floor((now - this.#started) / 1000);
    this.#write(`${CLEAR}${this.#text.slice(0, MAX_WIDTH - 8)}, ${seconds} s`);
    this.#isDrawn = true;
  }
}
