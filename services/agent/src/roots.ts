/** Where the agent looks for the kernel's and the system's files. */
export interface Roots {
  readonly sysfs: string;
  readonly proc: string;
  readonly etc: string;
  readonly dev: string;
  readonly run: string;
}

/** Below RUN: the lock that chzdev, mdevctl and the writer take around a change. */
export const AP_LOCK = { folder: 'lock', name: 's390apconfig.lock' } as const;
/** Below RUN: where audisp's af_unix listens, newest place first. */
export const AUDIT_SOCKETS: readonly string[] = ['audit/audispd_events', 'audispd_events'];
/** Below RUN: where mdevctl's notifier leaves its notes. */
export const NOTIFIER_SPOOL = 'apledger/notifier';
/** Below RUN: where the writer listens. */
export const WRITER_SOCKET = 'apledger-writer.sock';
