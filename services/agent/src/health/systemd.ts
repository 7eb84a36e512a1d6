/**
 * Tells systemd that the agent is ready and alive (sd_notify).
 *
 * Node has no datagram sockets of the family AF_UNIX, so a child speaks: systemd-notify, with NotifyAccess=all in the unit.
 */
import { spawn } from 'node:child_process';

interface Supervisor {
  /** Resolves when systemd has been told, or there is none. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** Without NOTIFY_SOCKET nothing is started. While `isAlive` says no, systemd hears nothing, and its watchdog ends the agent. */
export function supervisor(
  env: Readonly<Record<string, string | undefined>>,
  isAlive: () => boolean,
): Supervisor {
  if (env.NOTIFY_SOCKET === undefined) return { ready: async () => {}, close: async () => {} };
  const tell = (...words: string[]): Promise<void> =>
    new Promise((resolve) => {
      // What fails here is seen by systemd itself: it was not told.
      spawn('systemd-notify', words, { stdio: 'ignore', env })
        .on('error', () => resolve())
        .on('exit', () => resolve());
    });
  const period = Number(env.WATCHDOG_USEC) / 1000 / 3;
  const timer = Number.isFinite(period) && period > 0 ? setInterval(beat, period) : undefined;
  function beat(): void {
    if (isAlive()) void tell('WATCHDOG=1');
  }
  return {
    ready: () => tell('--ready'),
    close: () => {
      clearInterval(timer);
      return tell('STOPPING=1');
    },
  };
}
