/** The commands that this agent carries out, as signs: the best that there is. */
import { placeOf, type Sign } from './sign.ts';

/** A command of the ledger, before it is written. */
export interface OwnCommand {
  /** Its id. */
  readonly request: string;
  /** Who gave it. */
  readonly actor: string;
  /** What is written, below the root of sysfs. */
  readonly file: string;
  readonly mdev?: string | undefined;
}

export interface CommandUnderWay {
  /** The writer has answered: these of its processes took the lock and wrote. */
  written(pids: readonly number[]): void;
  /** Nothing that is seen from now on comes from it. */
  end(): void;
}

export class OwnCommands {
  readonly #add: (sign: Sign) => void;
  readonly #now: () => number;
  readonly #unanswered = new Map<Sign, Promise<void>>();

  constructor(add: (sign: Sign) => void, now: () => number) {
    this.#add = add;
    this.#now = now;
  }

  /** From now on. */
  begin({ request, actor, file, mdev }: OwnCommand): CommandUnderWay {
    const sign = {
      source: 'command' as const,
      from: this.#now(),
      to: Number.POSITIVE_INFINITY,
      actor,
      text: request,
      places: [placeOf(file)],
      mdevs: mdev === undefined ? [] : [mdev],
      writers: [] as readonly number[],
    };
    let isAnswered: () => void = () => {};
    this.#unanswered.set(
      sign,
      new Promise((resolve) => {
        isAnswered = resolve;
      }),
    );
    this.#add(sign);
    const answered = (): void => {
      this.#unanswered.delete(sign);
      isAnswered();
    };
    return {
      written: (pids) => {
        sign.writers = pids;
        answered();
      },
      end: () => {
        sign.to = this.#now();
        answered();
      },
    };
  }

  /** Resolves when the writer has answered all of these; undefined when it has already. */
  answered(signs: readonly Sign[]): Promise<unknown> | undefined {
    const answers = signs.flatMap((sign) => this.#unanswered.get(sign) ?? []);
    return answers.length === 0 ? undefined : Promise.all(answers);
  }
}
