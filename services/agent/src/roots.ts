/** Where the agent looks for the kernel's and the system's files. */
export interface Roots {
  readonly sysfs: string;
  readonly proc: string;
  readonly etc: string;
  readonly dev: string;
  readonly run: string;
}
