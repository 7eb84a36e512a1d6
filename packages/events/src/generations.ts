/**
 * The driver generations, one row each. A new one is a row here, its rules in the driver (`packages/driver/src/generations/`), and the
 * row that names them there; what else depends on the list (schemas, usage texts, folds) is made from it.
 */

interface GenerationRow {
  /** The byte that stands for it in packed facts and snapshots. Kept in logs for ever: never changed, never used again; 0 is none. */
  readonly code: number;
  /** How the kernel versions begin that test vectors name for it. */
  readonly kernelPrefix: string;
  readonly guestMatrixLife: GuestMatrixLife;
  /** Answers to its last reset after which a queue may be passed to a guest (driver-rules 6.2, driver-rules-older 6.2 and 12). */
  readonly passable: readonly number[];
}

const NORMAL = [0];
/** The driver notes a deconfigured queue, and later a check-stopped one, as reset. */
const OR_DECONFIGURED = [0, 3];
const OR_CHECK_STOPPED = [0, 3, 4];

/**
 * When an mdev has a guest matrix (the masks that the driver filters, the file `guest_matrix`): all its life; only from open to release
 * (driver-rules 8); or never, and then an attached guest has the matrix that was assigned when it opened the mdev (driver-rules-older 6.0).
 */
export type GuestMatrixLife = 'always' | 'whileOpen' | 'never';

/** In the order in which they came. */
export const GENERATIONS = {
  // 2019-v2 and 5.10 never ask: there the answer only says whether the adapter is clean.
  '2019-v2': { code: 1, kernelPrefix: 'v2', guestMatrixLife: 'whileOpen', passable: OR_CHECK_STOPPED },
  '5.10': { code: 4, kernelPrefix: '5.10.', guestMatrixLife: 'never', passable: NORMAL },
  '6.1': { code: 5, kernelPrefix: '6.1.', guestMatrixLife: 'always', passable: NORMAL },
  '6.8': { code: 6, kernelPrefix: '6.8.', guestMatrixLife: 'always', passable: OR_DECONFIGURED },
  '6.12': { code: 2, kernelPrefix: '6.12.', guestMatrixLife: 'always', passable: OR_CHECK_STOPPED },
  '7.3': { code: 3, kernelPrefix: '7.3.', guestMatrixLife: 'always', passable: OR_CHECK_STOPPED },
} as const satisfies Readonly<Record<string, GenerationRow>>;

/** The name of a driver generation. */
export type Generation = keyof typeof GENERATIONS;

/** The names, in the order in which the generations came. */
export const GENERATION_NAMES = Object.keys(GENERATIONS) as readonly Generation[];

/** The byte that stands for a generation of the driver. */
export const generationCode = (generation: Generation): number => GENERATIONS[generation].code;

/** The generation of a byte; undefined for one that no generation has. */
export const generationOfCode = (code: number): Generation | undefined => BY_CODE[code];

const BY_CODE: readonly (Generation | undefined)[] = GENERATION_NAMES.reduce<(Generation | undefined)[]>(
  (names, name) => {
    names[generationCode(name)] = name;
    return names;
  },
  [],
);

/** The generation whose answers a kernel of this version gives; undefined when there are no rules for it. */
export const generationOfKernel = (version: string): Generation | undefined =>
  GENERATION_NAMES.find((name) => version.startsWith(GENERATIONS[name].kernelPrefix));
