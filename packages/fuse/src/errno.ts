import { constants } from 'node:os';

/** Which os.constants lacks; the same numbers on every architecture with the generic table (x86, arm, s390, ppc, riscv). */
const MORE: Readonly<Record<string, number>> = {
  ENOTUNIQ: 76,
  EBADFD: 77,
  EUCLEAN: 117,
  EREMOTEIO: 121,
};

/** The number of an errno, positive. @throws Error for a name that the system does not know */
export function errnoOf(name: string): number {
  const number = (constants.errno as Readonly<Record<string, number>>)[name] ?? MORE[name];
  if (number === undefined) throw new Error(`no errno is called ${name}`);
  return number;
}

/** Ends a request with an errno. */
export class Refused extends Error {
  /** Positive. */
  readonly errno: number;

  /** @throws Error for a name that the system does not know */
  constructor(name: string) {
    super(name);
    this.errno = errnoOf(name);
  }
}
