/** What the notifier script of mdevctl has spooled (packaging/mdevctl-notifier.sh): one file for each call, `name value` a line. */
import { isUuid } from '@apledger/events';
import { actorOf, commandOf, loginOf } from './identity.ts';
import type { Sign } from './sign.ts';

/** mdevctl's own words; a state of `none` says nothing about success. */
const ACTIONS = new Set(['start', 'stop', 'modify', 'define', 'undefine']);

/** The sign of one file; undefined when it is none, or of another type of mdev. */
export function readNotification(text: string, names: ReadonlyMap<number, string>): Sign | undefined {
  const fields = fieldsOf(text);
  const [at, uuid, action] = [Number(fields.at), fields.uuid, fields.action ?? ''];
  if (
    !Number.isFinite(at) ||
    at <= 0 ||
    uuid === undefined ||
    !isUuid(uuid.toLowerCase()) ||
    !ACTIONS.has(action)
  )
    return undefined;
  if (fields.parent !== 'matrix') return undefined;
  const process = {
    pid: Number(fields.pid) || 0,
    loginuid: fields.loginuid,
    cgroup: fields.cgroup,
    cmdline: fields.cmdline,
  };
  const login = loginOf(fields.loginuid, names);
  return {
    source: 'notifier',
    from: at * 1000,
    actor: login ?? fields.sudo_user ?? actorOf(process, names),
    pid: process.pid || undefined,
    text: `${action} ${fields.state ?? ''} ${commandOf(process) ?? ''}`.replace(/\s+/g, ' ').trim(),
    mdevs: [uuid.toLowerCase()],
    places: [],
  };
}

function fieldsOf(text: string): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, name, value] = /^([a-z_]{1,32}) (.{1,4096})$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) fields[name] ??= value.trim();
  }
  return fields;
}
