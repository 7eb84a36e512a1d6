import { UNATTRIBUTED } from '@apledger/events';
import { describe, expect, it } from 'vitest';
import { AuditReader, readRecord } from './audit-records.ts';
import { EvidenceKeeper } from './evidence.ts';
import { actorOf, loginOf, readPasswd, unitOf } from './identity.ts';
import { journalLine, kernelSign } from './journal.ts';
import { readNotification } from './notifier-record.ts';
import { placeOf, type Sign } from './sign.ts';

const UUID = '11111111-1111-4111-8111-111111111111';
const NAMES = readPasswd('root:x:0:0:root:/root:/bin/bash\nanna:x:1000:1000::/home/anna:/bin/sh\n');
const NOON = Date.parse('2026-11-26T12:00:00.000Z');
const at = (ms: number): string => new Date(NOON + ms).toISOString();
const interval = { notBefore: at(-1000), notAfter: at(0) };
const about = { files: [`devices/vfio_ap/matrix/${UUID}/assign_adapter`], mdevs: [UUID] };

const keeper = (...signs: readonly Sign[]): EvidenceKeeper => {
  const made = new EvidenceKeeper({
    patienceMs: 200,
    now: () => NOON + 1000,
    sleep: async () => {},
    writerUnit: 'apledger-writer.service',
  });
  for (const sign of signs) made.add(sign);
  return made;
};
const sign = (more: Partial<Sign> = {}): Sign => ({
  source: 'audit',
  from: NOON - 100,
  actor: 'anna',
  mdevs: [UUID],
  ...more,
});

describe('a process', () => {
  it('acts for who logged in, else for its unit', () => {
    expect(actorOf({ pid: 1, loginuid: '1000', cgroup: '0::/user.slice/x.scope\n' }, NAMES)).toBe('anna');
    expect(
      actorOf({ pid: 1, loginuid: '4294967295', cgroup: '0::/system.slice/libvirtd.service\n' }, NAMES),
    ).toBe('unit libvirtd.service');
    expect(actorOf({ pid: 1, loginuid: '4294967295', cgroup: '0::/\n' }, NAMES)).toBeUndefined();
    expect(actorOf({ pid: 1 }, NAMES)).toBeUndefined();
    expect(loginOf('4711', NAMES)).toBe('uid 4711');
  });

  it('is in the innermost unit, also below a service of a container or with cgroup v1', () => {
    expect(unitOf('0::/machine.slice/machine-qemu.scope/libvirt/emulator\n')).toBe('machine-qemu.scope');
    expect(unitOf('12:cpu:/x\n1:name=systemd:/system.slice/cron.service\n')).toBe('cron.service');
    expect(unitOf(undefined)).toBeUndefined();
  });
});

describe('evidence', () => {
  it('names one actor for certain, however many signs name him', async () => {
    const evidence = keeper(
      sign(),
      sign({ source: 'notifier', from: NOON + 500 }),
      sign({ source: 'lock', mdevs: undefined }),
    );
    expect(await evidence.evidenceFor(interval, about)).toMatchObject({
      certainty: 'certain',
      actor: 'anna',
      evidence: [{ source: 'notifier' }, { source: 'lock' }, { source: 'audit', at: at(-100) }],
    });
  });

  it('lists two actors, and names neither', async () => {
    const testimony = await keeper(sign(), sign({ actor: 'bert', from: NOON - 50 })).evidenceFor(
      interval,
      about,
    );
    expect(testimony).toMatchObject({ certainty: 'several', actor: UNATTRIBUTED });
    expect(testimony.evidence.map(({ actor }) => actor)).toEqual(['anna', 'bert']);
  });

  it('is none of what came before, after, or was about another mdev', async () => {
    const other = '22222222-2222-4222-8222-222222222222';
    const evidence = keeper(
      sign({ from: NOON - 1100 }),
      sign({ from: NOON + 100 }),
      sign({ source: 'notifier', from: NOON + 2500 }),
      sign({ mdevs: [other] }),
      sign({ source: 'lock', from: NOON - 5000, to: NOON - 2000, mdevs: undefined }),
    );
    expect(await evidence.evidenceFor(interval, about)).toEqual({
      certainty: 'none',
      evidence: [],
      actor: UNATTRIBUTED,
    });
  });

  it('is none for what was there at the first look', async () => {
    const first = { notBefore: null, notAfter: at(0) };
    expect(await keeper(sign()).evidenceFor(first, about)).toMatchObject({ certainty: 'none', evidence: [] });
  });

  it('is evidence without an actor when it names nobody', async () => {
    const testimony = await keeper(sign({ source: 'kernel-log', actor: undefined })).evidenceFor(
      interval,
      about,
    );
    expect(testimony).toMatchObject({
      certainty: 'none',
      actor: UNATTRIBUTED,
      evidence: [{ source: 'kernel-log' }],
    });
  });

  it('takes what the writer did for the command that it carried out', async () => {
    const evidence = keeper(
      sign({ source: 'command', actor: 'carla', mdevs: [UUID] }),
      sign({ source: 'lock', actor: 'unit apledger-writer.service', mdevs: undefined }),
    );
    expect(await evidence.evidenceFor(interval, about)).toMatchObject({
      certainty: 'certain',
      actor: 'carla',
    });
  });

  describe('of a command of the ledger', () => {
    const command = { request: 'id-1', actor: 'carla', file: about.files[0] ?? '', mdev: UUID };
    /** The agent is a service: audit knows its writer as the program node. */
    const written = (pid: number, from = NOON): Sign => sign({ actor: 'program node', pid, from });
    let now: number;
    const witness = () => {
      now = NOON - 100;
      const options = { patienceMs: 200, now: () => now, sleep: async () => {}, writerUnit: 'w@' };
      return new EvidenceKeeper(options);
    };

    it('is one with what audit and the lock say of its writer', async () => {
      const evidence = witness();
      const underWay = evidence.begin(command);
      evidence.add(
        sign({ source: 'lock', actor: 'anna', pid: 900, from: NOON - 50, to: NOON, mdevs: undefined }),
      );
      evidence.add(written(901));
      underWay.written([900, 901]);
      now = NOON;
      underWay.end();
      expect(await evidence.evidenceFor(interval, about)).toEqual({
        certainty: 'certain',
        actor: 'carla',
        evidence: [
          { source: 'command', at: at(-100), actor: 'carla', text: 'id-1' },
          { source: 'lock', at: at(-50), pid: 900 },
          { source: 'audit', at: at(0), pid: 901 },
        ],
      });
    });

    it('is not one with what another process did, nor with a later one of the same number', async () => {
      for (const other of [written(902), written(901, NOON + 5000)]) {
        const evidence = witness();
        const underWay = evidence.begin(command);
        underWay.written([900, 901]);
        now = NOON;
        underWay.end();
        evidence.add(other);
        const testimony = await evidence.evidenceFor({ ...interval, notAfter: at(6000) }, about);
        expect(testimony).toMatchObject({ certainty: 'several', actor: UNATTRIBUTED });
      }
    });

    it('is asked for when its writer has answered', async () => {
      const evidence = witness();
      const underWay = evidence.begin(command);
      evidence.add(written(901));
      const asked = new EvidenceKeeper({
        patienceMs: 200,
        now: () => now,
        sleep: () => new Promise(() => {}),
        writerUnit: 'w@',
      });
      const slow = asked.begin(command);
      asked.add(written(901));
      const testimony = asked.evidenceFor(interval, about);
      slow.written([901]);
      expect(await testimony).toMatchObject({ certainty: 'certain', actor: 'carla' });
      // One that does not answer is not waited for without end.
      expect(await evidence.evidenceFor(interval, about)).toMatchObject({ certainty: 'several' });
      underWay.end();
    });

    it('is of no change whose place is unknown', async () => {
      const evidence = witness();
      evidence.begin(command);
      expect(await evidence.evidenceFor(interval, { files: [], mdevs: [] })).toMatchObject({
        certainty: 'none',
      });
    });
  });

  it('waits for signs that are behind, and asks the sources then', async () => {
    const waited: number[] = [];
    const late = new EvidenceKeeper({
      patienceMs: 200,
      now: () => NOON + 50,
      sleep: async (ms) => void waited.push(ms),
      writerUnit: '',
    });
    late.watch({ refresh: () => late.add(sign()), close: () => {} });
    expect(await late.evidenceFor(interval, about)).toMatchObject({ actor: 'anna' });
    expect(waited).toEqual([150]);
  });

  it('forgets what is old, and keeps a lock that is held', async () => {
    const evidence = keeper(
      sign({ source: 'lock', from: 0, to: Number.POSITIVE_INFINITY, mdevs: undefined, actor: 'bert' }),
    );
    for (let i = 0; i < 10_001; i++) evidence.add(sign({ from: i, mdevs: ['x'] }));
    expect(await evidence.evidenceFor(interval, about)).toMatchObject({ actor: 'bert' });
  });
});

describe('a place', () => {
  it('is one by every path', () => {
    const paths = ['devices/vfio_ap/matrix', '/sys/bus/mdev/devices', '/sys/class/mdev_bus/matrix'];
    expect(new Set(paths.map((path) => placeOf(`${path}/${UUID}/ap_config`)))).toEqual(
      new Set([`${UUID}/ap_config`]),
    );
    expect(placeOf('/sys/bus/ap/apmask')).toBe(placeOf('bus/ap/apmask'));
  });
});

/** Facsimiles in the shape of audit-userspace, of a bash that opens assign_adapter in the mdev's folder. */
const event = (serial: number, fields = 'auid=1000 uid=0', key = 'apledger'): string[] => [
  `type=SYSCALL msg=audit(1795694399.900:${serial}): arch=80000016 syscall=288 success=yes exit=3 a0=ff items=1 ppid=900 pid=901 ${fields} tty=pts0 ses=3 comm="bash" exe="/usr/bin/bash" subj=unconfined key="${key}"\x1dARCH=s390x SYSCALL=openat AUID="anna" UID="root"`,
  `type=CWD msg=audit(1795694399.900:${serial}): cwd="/sys/devices/vfio_ap/matrix/${UUID}"`,
  `type=PATH msg=audit(1795694399.900:${serial}): item=0 name="assign_adapter" inode=4242 dev=00:16 mode=0100200 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL`,
  `type=PROCTITLE msg=audit(1795694399.900:${serial}): proctitle=62617368002D63006563686F2035`,
];
const read = (...lines: readonly string[]): readonly Sign[] => {
  const reader = new AuditReader(() => NAMES);
  return lines.flatMap((line) => reader.take(line));
};

describe('auditd', () => {
  it('says who opened which file for writing', () => {
    expect(read(...event(7))).toEqual([
      {
        source: 'audit',
        from: 1795694399900,
        actor: 'anna',
        pid: 901,
        text: `bash -c echo 5 /sys/devices/vfio_ap/matrix/${UUID}/assign_adapter`,
        places: [`${UUID}/assign_adapter`],
        mdevs: [UUID],
      },
    ]);
  });

  it('may mix the records of two events, and repeat their ends', () => {
    const [a, b] = [event(7), event(8, 'auid=0 uid=0')];
    const mixed = a.flatMap((line, index) => [line, b[index] ?? '']);
    expect(read(...mixed, 'type=EOE msg=audit(1795694399.900:7): ').map(({ actor }) => actor)).toEqual([
      'anna',
      'root',
    ]);
  });

  it('names the program of a daemon, which nobody has logged in for', () => {
    expect(read(...event(7, 'auid=4294967295 uid=0'))).toMatchObject([{ actor: 'program bash' }]);
  });

  it('says nothing by rules of others, nor by lines that are none', () => {
    expect(read(...event(7, 'auid=1000', 'other'))).toEqual([]);
    expect(read('', 'type=', 'type=SYSCALL msg=audit(x:1): a=b', 'x'.repeat(100_000))).toEqual([]);
    expect(readRecord('node=zlp1 type=EOE msg=audit(1.000:5): ')).toMatchObject({ type: 'EOE', serial: '5' });
  });

  it('does not keep events that never end', () => {
    const endless = Array.from({ length: 1000 }, (_, serial) => event(serial).slice(0, 3)).flat();
    expect(read(...endless).length).toBe(1000 - 64);
  });

  it('has what libvirt does with an mdev for a guest', () => {
    const line = (device: string, result = 'success') =>
      `type=VIRT_RESOURCE msg=audit(1795694399.900:9): pid=700 uid=0 auid=4294967295 ses=4294967295 msg='virt=kvm resrc=dev reason=start vm="web" uuid=5b1c bus=mdev device="${device}" exe="/usr/sbin/virtqemud" hostname=? addr=? terminal=? res=${result}'`;
    expect(read(line(UUID))).toEqual([
      {
        source: 'libvirt',
        from: 1795694399900,
        actor: 'libvirt',
        pid: 700,
        text: `virtqemud: start of mdev ${UUID} for guest web`,
        mdevs: [UUID],
        places: [],
      },
    ]);
    expect(read(line(UUID, 'failed'), line('/dev/sda'))).toEqual([]);
  });
});

describe('the journal', () => {
  it('has the same records in fields', () => {
    const [syscall = ''] = event(7);
    const entry = JSON.stringify({
      _TRANSPORT: 'audit',
      _AUDIT_TYPE_NAME: 'SYSCALL',
      _AUDIT_ID: '7',
      _SOURCE_REALTIME_TIMESTAMP: '1795694399900123',
      MESSAGE: `SYSCALL ${syscall.slice(syscall.indexOf('arch='))}`,
    });
    expect(journalLine(entry)).toBe(syscall);
  });

  it('has the kernel’s warning about an mdev, which names nobody', () => {
    const entry = {
      _TRANSPORT: 'kernel',
      _KERNEL_SUBSYSTEM: 'mdev',
      _KERNEL_DEVICE: `+mdev:${UUID}`,
      __REALTIME_TIMESTAMP: '1795694399900123',
      MESSAGE: `vfio_ap_mdev ${UUID}: Userspace may not re-assign queue 05.0004 already assigned to x`,
    };
    expect(kernelSign(JSON.stringify(entry))).toMatchObject({
      source: 'kernel-log',
      from: 1795694399900,
      mdevs: [UUID],
    });
    expect(kernelSign(JSON.stringify({ ...entry, _KERNEL_SUBSYSTEM: 'pci' }))).toBeUndefined();
    expect(kernelSign('{')).toBeUndefined();
    expect(journalLine('null')).toBeUndefined();
  });
});

describe('a note of the notifier', () => {
  const note = (more: Readonly<Record<string, string>> = {}): string =>
    Object.entries({
      at: '1795694399.900123456',
      action: 'start',
      state: 'success',
      uuid: UUID,
      parent: 'matrix',
      pid: '901',
      loginuid: '1000',
      cgroup: '0::/user.slice/session-3.scope',
      cmdline: `mdevctl start -u ${UUID} `,
      ...more,
    })
      .map(([name, value]) => `${name} ${value}`)
      .join('\n');

  it('says who had mdevctl do what', () => {
    expect(readNotification(note(), NAMES)).toMatchObject({
      source: 'notifier',
      actor: 'anna',
      pid: 901,
      text: `start success mdevctl start -u ${UUID}`,
      mdevs: [UUID],
    });
    const daemon = { loginuid: '4294967295', cgroup: '0::/system.slice/virtnodedevd.service' };
    expect(readNotification(note(daemon), NAMES)).toMatchObject({ actor: 'unit virtnodedevd.service' });
    expect(readNotification(note({ ...daemon, sudo_user: 'bert' }), NAMES)).toMatchObject({ actor: 'bert' });
  });

  it('is none when it says something else', () => {
    for (const more of [{ uuid: '../x' }, { at: 'yesterday' }, { parent: '0000:00:02.0' }, { action: 'rm' }])
      expect(readNotification(note(more as Record<string, string>), NAMES)).toBeUndefined();
    expect(readNotification('', NAMES)).toBeUndefined();
  });
});
