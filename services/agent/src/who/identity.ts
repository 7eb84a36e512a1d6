/** Whom a process acts for: who logged in, else the unit that it belongs to. Pure. */

/** What /proc says of a process, as it is written there. */
export interface ProcessFiles {
  readonly pid: number;
  /** `loginuid`: who logged in, whatever became of the process since; 4294967295 = nobody did. */
  readonly loginuid?: string | undefined;
  readonly cgroup?: string | undefined;
  /** Arguments end with NUL, or with a blank where a shell has read them. */
  readonly cmdline?: string | undefined;
}

/** `loginuid` of a process that no login has started. */
export const NO_LOGIN = 4294967295;

/** Names of users by their numbers, from /etc/passwd. */
export function readPasswd(text: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name, , uid] = line.split(':');
    if (
      name !== undefined &&
      name !== '' &&
      uid !== undefined &&
      /^[0-9]+$/.test(uid) &&
      !names.has(Number(uid))
    )
      names.set(Number(uid), name);
  }
  return names;
}

/** The login's name, or `uid 1000` where passwd does not know it; undefined when nobody has logged in. */
export function loginOf(
  loginuid: string | number | undefined,
  names: ReadonlyMap<number, string>,
): string | undefined {
  const uid = typeof loginuid === 'string' ? Number.parseInt(loginuid, 10) : loginuid;
  if (uid === undefined || !Number.isInteger(uid) || uid < 0 || uid === NO_LOGIN) return undefined;
  return names.get(uid) ?? `uid ${uid}`;
}

/** The innermost service, scope or timer of a cgroup: `0::/system.slice/virtnodedevd.service`. */
export function unitOf(cgroup: string | undefined): string | undefined {
  const [, path = ''] =
    /^0::(\/.*)$/m.exec(cgroup ?? '') ?? /^1:name=systemd:(\/.*)$/m.exec(cgroup ?? '') ?? [];
  return path.split('/').findLast((name) => /\.(?:service|scope)$/.test(name));
}

/** Who a process acts for; undefined when neither a login nor a unit is known. */
export function actorOf(process: ProcessFiles, names: ReadonlyMap<number, string>): string | undefined {
  const login = loginOf(process.loginuid, names);
  const unit = unitOf(process.cgroup);
  return login ?? (unit === undefined ? undefined : `unit ${unit}`);
}

/** The command line for people, at most so long. */
export const commandOf = ({ cmdline }: ProcessFiles): string | undefined => {
  const text = cmdline?.replaceAll('\0', ' ').trim().slice(0, 300);
  return text === '' ? undefined : text;
};
