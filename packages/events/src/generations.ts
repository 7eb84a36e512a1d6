/**
 * The driver generations, one row each. A new one is a row here, its rules in the driver (`packages/driver/src/generations/`), and the
 * row that names them there; what else depends on the list (schemas, usage texts, folds) is made from it.
 */

interface GenerationRow {
  /** The byte that stands for it in packed facts and snapshots. Kept in logs for ever: never changed, never used again; 0 is none. */
  readonly code: number;
  /** How the kernel versions begin that test vectors name for it. */
  readonly kernelPrefix: string;
  /** True where an mdev has a filtered matrix only from open to release (driver-rules 8). */
  readonly filtersOnlyWhileOpen: boolean;
}

/** In the order in which they came. */
export const GENERATIONS = {
  '2019-v2': {
    code: 1,
    kernelPrefix: 'v2',
    filtersOnlyWhileOpen: true,
  },
  '6.12': { code: 2, kernelPrefix: '6.12', filtersOnlyWhileOpen: false },
  '7.3': { code: 3, kernelPrefix: '7.3', filtersOnlyWhileOpen: false },
} as const satisfies Readonly<Record<string, GenerationRow>>;

/** The name of a driver generation. */
export type Generation = keyof typeof GENERATIONS;

/** The names, in the order in which the generations came. */
export const GENERATION_NAMES = Object.keys(GENERATIONS) as readonly Generation[];

/** The byte that stands for a generation of the driver. */
export const generationCode = (generation: Generation): number => GENERATIONS[generation].code;

/** The generation of a byte; undefined for one that no generation has. */
export const generationOfCode = (code: number): Generation | undefined =>
  GENERATION_NAMES.find((name) => generationCode(name) === code);

/** The generation whose answers a kernel of this version gives; undefined when there are no rules for it. */
export const generationOfKernel = (version: string): Generation | undefined =>
  GENERATION_NAMES.find((name) => version.startsWith(GENERATIONS[name].kernelPrefix));
