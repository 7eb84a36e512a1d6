/** Which distribution's kernel behaves as which generation of the driver (docs/driver-rules-older.md 14, held by a test). */
import type { Generation } from '@apledger/events';

interface DistributionKernel {
  readonly distribution: string;
  /** As `uname -r` begins. */
  readonly kernel: string;
  readonly generation: Generation;
  /** Concluded from versions and dates: nobody has read or run this kernel's driver. */
  readonly isInferred: boolean;
}

const read = (distribution: string, kernel: string, generation: Generation): DistributionKernel => ({
  distribution,
  kernel,
  generation,
  isInferred: false,
});
const inferred = (distribution: string, kernel: string, generation: Generation): DistributionKernel => ({
  ...read(distribution, kernel, generation),
  isInferred: true,
});

export const DISTRIBUTION_KERNELS: readonly DistributionKernel[] = [
  read('Debian 11', '5.10', '5.10'),
  read('Debian 12', '6.1', '6.1'),
  read('Debian 13', '6.12', '6.12'),
  inferred('Ubuntu 20.04', '5.4', '5.10'),
  inferred('Ubuntu 22.04', '5.15', '5.10'),
  inferred('Ubuntu 22.04 HWE', '6.5', '6.8'),
  inferred('Ubuntu 24.04', '6.8', '6.8'),
  inferred('Ubuntu 25.10', '6.17', '6.12'),
  inferred('Ubuntu 26.04', '7.0', '6.12'),
  inferred('SLES 15 SP4, SP5', '5.14', '5.10'),
  inferred('SLES 15 SP6, SP7', '6.4', '6.1'),
  inferred('SLES 16.0', '6.12', '6.12'),
  inferred('RHEL 8', '4.18', '5.10'),
  inferred('RHEL 9.0, 9.1', '5.14', '5.10'),
  inferred('RHEL 9.2 and later', '5.14', '6.8'),
  inferred('RHEL 10', '6.12', '6.12'),
];

const HEADINGS = ['distribution', 'kernel', 'generation', 'basis'];
const CAVEATS = `Inferred rows were neither read nor run; backports may differ. See docs/driver-rules-older.md, section 14.
Look at the files of a real host: guest_matrix means hot plug, features of the matrix device means ap_config.
`;

/** The table for people. */
export function kernelTable(): string {
  const rows = [
    HEADINGS,
    ...DISTRIBUTION_KERNELS.map(({ distribution, kernel, generation, isInferred }) => [
      distribution,
      kernel,
      generation,
      isInferred ? 'inferred' : 'read and run',
    ]),
  ];
  const widths = HEADINGS.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n${CAVEATS}`;
}
