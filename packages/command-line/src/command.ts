/** A command as data: what it is called, takes and prints, for the parser and for documents; and the function that runs it. */
import type { Output } from './output.ts';

/** An option of a command, named by its key: `overSys` is written `--over-sys`. */
export type Option = {
  readonly description: string;
  /** One letter: `x` is written `-x`. */
  readonly short?: string;
} & (
  | {
      readonly type: 'string';
      /** What stands for the value in help: `dir` is shown as `<dir>`. */
      readonly value: string;
      readonly choices?: readonly string[];
      readonly default?: string;
      readonly required?: true;
      /** The variable that counts where the option is not given, unless one of these others is. */
      readonly env?: { readonly name: string; readonly unless: readonly string[] };
    }
  | {
      readonly type: 'boolean';
      /** An option that is true unless it is given: `relay` is then written `--no-relay`. */
      readonly default?: true;
      /** Another option that cannot be given at the same time. */
      readonly conflicts?: string;
    }
);
export type Options = Readonly<Record<string, Option>>;

/** An argument without a name, by its place. */
export interface Positional {
  readonly name: string;
  readonly description: string;
  readonly optional?: true;
  /** All that follow; the last one only. */
  readonly many?: true;
  /** For documents; the command checks them itself. */
  readonly choices?: readonly string[];
  /** Texts that begin with a dash and are meant for it all the same, not options; the last positional only. */
  readonly dashed?: RegExp;
}

type TextOf<O> = O extends { readonly choices: readonly (infer Choice)[] } ? Choice : string;
type Certain<O extends Options> = {
  [Key in keyof O]: O[Key] extends { required: true } | { default: unknown } | { type: 'boolean' }
    ? Key
    : never;
}[keyof O];
type OptionValue<O> = O extends { type: 'boolean' } ? boolean : TextOf<O>;

/** What a command is run with: its options and positionals by name. */
export type Values<O extends Options, P extends readonly Positional[]> = {
  readonly [Key in Certain<O>]: OptionValue<O[Key]>;
} & { readonly [Key in Exclude<keyof O, Certain<O>>]?: OptionValue<O[Key]> } & {
  readonly [One in P[number] as One['name']]: One extends { many: true }
    ? readonly string[]
    : One extends { optional: true }
      ? string | undefined
      : string;
};

export interface Context {
  readonly output: Output;
  /** Ends commands that go on until they are interrupted. */
  readonly signal: AbortSignal;
  /** What stood after `--`. */
  readonly afterDashes: readonly string[];
}

export interface Definition<O extends Options, P extends readonly Positional[]> {
  /** One word, or two for a command of a group: `lab mount`. */
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  readonly positionals?: P;
  readonly options?: O;
  /** Command lines to try. */
  readonly examples?: readonly string[];
  /** `--` ends its own arguments; what follows is the command line of another program. */
  readonly takesCommand?: true;
  /** Resolves with the exit status: 0 done, 1 failed or found something wrong. Throws Failure for any other end. */
  run(values: Values<O, P>, context: Context): Promise<number>;
}

/** A definition of which nobody needs the exact types any more. */
export interface Command extends Omit<Definition<Options, readonly Positional[]>, 'run'> {
  readonly options: Options;
  readonly positionals: readonly Positional[];
  run(values: object, context: Context): Promise<number>;
}

/** Checks that `run` takes what the definition declares. */
export const command = <const O extends Options, const P extends readonly Positional[] = readonly []>(
  definition: Definition<O, P>,
): Command => {
  const { options, positionals, run, ...rest } = definition;
  return {
    ...rest,
    options: options ?? {},
    positionals: positionals ?? [],
    run: (values, context) => run(values as Values<O, P>, context),
  };
};
