/**
 * Facts that only a host which an agent watches has. They stand in the host's stream beside those of the driver.
 *
 * Each commit of an agent begins with a `HostObserved`: it says when the facts after it can have happened and what tells who caused them.
 * The envelope's actor is who did it, or `unattributed`; its `auth` is the agent. A commit's command id is made from host, epoch and
 * sequence, so that a commit that is sent twice is recorded once, however much later.
 */
import Type, { type Static } from 'typebox';
import { Instant } from './access-facts.ts';
import { closedObject } from './closed-object.ts';
import { Errno, MdevUuid } from './vocabulary.ts';

const Text = Type.String({ maxLength: 1000 });
const Texts = Type.Array(Text, { maxItems: 64 });
const CommandId = Type.String({ minLength: 1, maxLength: 128, description: 'id of the command' });
const Epoch = Type.Integer({
  minimum: 1,
  description:
    'counts the agents of the host: each that begins anew has the next number, and those before it are fenced',
});
/** The actor of what nobody is known to have done. */
export const UNATTRIBUTED = 'unattributed';

/** One sign of who did it (docs/agent.md, "Who"). */
export const Evidence = closedObject(
  {
    source: Type.Enum(
      [
        'command',
        'notifier',
        'lock',
        'audit',
        'libvirt',
        'kernel-log',
        'process',
        'domain',
        'qemu',
        'status',
      ],
      {
        description:
          'command: a command of this ledger; notifier: told by mdevctl; lock: pid in s390apconfig.lock; audit: auditd; libvirt: its audit records. Which guest uses an mdev is told by process: an open descriptor of it; domain: run-time XML of libvirt; qemu: its command line; status: a queue of the mdev',
      },
    ),
    at: Type.Optional(Instant),
    actor: Type.Optional(
      Type.String({ maxLength: 255, description: 'login, unit or subject that it names' }),
    ),
    pid: Type.Optional(Type.Integer({ minimum: 0 })),
    text: Type.Optional(Text),
  },
  'one sign of who did it',
);
export type Evidence = Static<typeof Evidence>;

export const observationFactSchemas = {
  ObservationBegan: closedObject(
    {
      epoch: Epoch,
      agent: Type.String({ maxLength: 128, description: 'id that the agent made for itself, once' }),
      boot: Type.String({ maxLength: 64, description: 'boot id of the kernel' }),
      kernel: Type.String({ maxLength: 255 }),
      detected: Texts,
      missing: Texts,
    },
    '`detected`: what tells the generation of the driver; `missing`: what the agent cannot see, and what it would need',
  ),
  HostObserved: closedObject(
    {
      epoch: Epoch,
      sequence: Type.Integer({
        minimum: 1,
        description: 'counts the commits of the agent in its epoch, without gaps',
      }),
      boot: Type.String({ maxLength: 64 }),
      notBefore: Type.Union([Instant, Type.Null()], {
        description: 'the host was last seen without it; null = it was never seen before',
      }),
      notAfter: Instant,
      settled: Type.Boolean({
        description: 'false: the host did not stand still for long enough to be read whole',
      }),
      wasAway: Type.Boolean({ description: 'the agent did not run in between' }),
      certainty: Type.Enum(['certain', 'several', 'none'], {
        description: 'whether the evidence names one actor, several, or none',
      }),
      evidence: Type.Array(Evidence, { maxItems: 64 }),
    },
    'when the other facts of this commit happened, and what tells who caused them',
  ),
  HostBooted: closedObject(
    {
      boot: Type.String({ maxLength: 64 }),
      before: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
    },
    'another kernel runs: its boot id, and that of the one before',
  ),
  ObservationStalled: closedObject(
    { from: Instant, to: Instant, file: Text },
    'the kernel did not answer a read; what happened meanwhile is seen afterwards only',
  ),
  ObservationIncomplete: closedObject(
    { what: Text, reason: Text },
    'something that cannot be seen on this host, or was not seen this time',
  ),
  ObservationsDropped: closedObject(
    { from: Instant, to: Instant, commits: Type.Integer({ minimum: 1 }), reason: Text },
    'the agent had to give up commits that it had not sent',
  ),
  WriteAttempted: closedObject(
    { file: Text, kernelLog: Type.Optional(Text) },
    'somebody wrote to a file, and nothing changed: refused, or nothing to do',
  ),
  DriftDetected: closedObject(
    {
      step: Type.String({ maxLength: 1000, description: 'what was done on the host, as far as is known' }),
      what: Type.String({ maxLength: 255, description: 'apmask, queue 05.0047, guest matrix, ...' }),
      mdev: Type.Optional(MdevUuid),
      predicted: Type.String({ maxLength: 4096 }),
      actual: Type.String({ maxLength: 4096 }),
    },
    'the host does not do what the rules of its generation say',
  ),
  BootFilesSeen: closedObject(
    {
      files: Type.Array(
        closedObject(
          {
            file: Type.String({ minLength: 1, maxLength: 255, description: 'etc/mdevctl.d/matrix/UUID' }),
            text: Type.String({ maxLength: 65_536 }),
          },
          'a file, or those lines of it that are about the AP bus',
        ),
        { maxItems: 4096 },
      ),
      unread: Type.Array(closedObject({ file: Text, reason: Text }, 'a file that could not be read'), {
        maxItems: 4096,
      }),
    },
    'what the next boot reads about the AP bus, as it is now: it replaces what was seen before',
  ),
  AgentFenced: closedObject(
    { epoch: Epoch, agent: Type.String({ maxLength: 128 }), by: Epoch },
    'an agent of an earlier epoch sent something; it was refused',
  ),
  CommandRequested: closedObject(
    {
      request: CommandId,
      command: Type.Object({ type: Type.String() }, { description: 'the command as given' }),
      until: Instant,
    },
    'the agent is asked to carry out a command; it does not begin after `until`',
  ),
  CommandSettled: closedObject(
    {
      request: CommandId,
      outcome: Type.Enum(['done', 'refused', 'unconfirmed', 'expired']),
      errno: Type.Optional(Errno),
      explanation: Text,
      found: Type.Optional(Text),
    },
    'what became of it: done and read back; refused by the kernel; unconfirmed, with what is there now; not begun in time',
  ),
};
