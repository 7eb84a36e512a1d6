/** A program that signs its requests, a change that it proposes over NATS, and the approver who hears of it there. */
import { generateKeyPairSync } from 'node:crypto';
import { Requests, requestKey } from '@apledger/messages/nats';
import { connect, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apledger, file } from '../cli/support.ts';
import { scratch } from '../support/file.ts';
import { type NatsServer, natsProgram, startNats } from '../support/nats.ts';
import { A, type LedgerProcess, startWithRelay } from './support.ts';

const program = natsProgram();
const HOST = 'prod1';
const START = { type: 'StartGuest', mdev: A, guest: 'web' };
const mdev = `/sys/devices/vfio_ap/matrix/${A}`;
/** A host whose adapter 5 guests have; what starts the guest gives it a queue. */
const SCRIPT = `host ${HOST} adapters=5 domains=4
echo -5 > /sys/bus/ap/apmask
echo ${A} > /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
echo 5 > ${mdev}/assign_adapter
echo 4 > ${mdev}/assign_domain
`;

/** A key pair whose public half looks like an option of a command line: one in 64 does. */
function dashedKey() {
  for (;;) {
    const pair = generateKeyPairSync('ed25519');
    const { x = '' } = pair.publicKey.export({ format: 'jwk' });
    if (x.startsWith('-')) return { ...pair, x };
  }
}

describe.skipIf('missing' in program)('a program on NATS', () => {
  const data = scratch();
  let broker: NatsServer;
  let nc: NatsConnection;
  let service: LedgerProcess;
  let signed: Requests;
  let boss = '';

  const owner = async (...args: string[]): Promise<Record<string, string>> => {
    const { status, out, err } = await apledger(...args, '--json', '--data', data);
    expect([status, err]).toEqual([0, '']);
    return JSON.parse(out);
  };

  beforeAll(async () => {
    expect(await apledger('run', file('s.sh', SCRIPT), '--data', data)).toMatchObject({ status: 0 });
    const { publicKey, privateKey, x } = dashedKey();
    await owner('access', 'bind', 'apledger#nightly', 'operator', '--hosts', '*');
    await owner('access', 'bind', 'apledger#boss', 'approver', '--hosts', '*');
    const { key = '' } = await owner('token', 'register-key', 'nightly', x, '--until', '8h');
    const pem = String(publicKey.export({ type: 'spki', format: 'pem' }));
    expect(
      await apledger('token', 'register-key', 'nightly', pem, '--until', '8h', '--data', data),
    ).toMatchObject({
      status: 2,
      err: expect.stringContaining('registered already'),
    });
    boss = (await owner('token', 'issue', 'boss', '--until', '8h')).secret ?? '';
    broker = await startNats({ program });
    const access = file('access.yaml', 'rules: [{ hosts: "prod*", fourEyes: grants }]\n');
    service = startWithRelay('--data', data, '--nats', broker.url, '--access', access);
    await service.said(/ready as/);
    nc = await connect({ servers: broker.url });
    const secret = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    signed = new Requests({ connection: nc, key: requestKey(key, secret) });
  });
  afterAll(async () => {
    service?.signal('SIGTERM');
    await service?.ended();
    await nc?.close();
    await broker?.dispose();
  });

  it('is known by its signature, and nobody without one', async () => {
    expect(await signed.query('who-am-i')).toMatchObject({
      subject: { issuer: 'apledger', subject: 'nightly' },
      method: 'key',
    });
    expect(await signed.query('host', {}, HOST)).toMatchObject({ host: HOST });
    await expect(new Requests({ connection: nc }).query('who-am-i')).rejects.toMatchObject({
      status: 401,
      code: 'no-identity',
    });
    await expect(new Requests({ connection: nc, token: boss }).query('who-am-i')).resolves.toMatchObject({
      subject: { subject: 'boss' },
    });
  });

  it('gives commands of its own, and the same one again under its id', async () => {
    const commandId = crypto.randomUUID();
    const first = await signed.command(HOST, { type: 'ScanBus' }, { commandId });
    expect(first).toMatchObject({ commandId, isDuplicate: false });
    expect(await signed.command(HOST, { type: 'ScanBus' }, { commandId })).toMatchObject({
      commandId,
      isDuplicate: true,
      revision: first.revision,
    });
  });

  it('that is listened to gives nothing away that could be sent again', async () => {
    const heard = nc.subscribe('apledger.v1.svc.query.who-am-i', { max: 1 });
    await signed.query('who-am-i');
    let overheard: Msg | undefined;
    for await (const message of heard) overheard = message;
    const signature = overheard?.headers?.get('apledger-signature') ?? '';
    const send = async (subject: string, body: string): Promise<string | undefined> => {
      const fields = headers();
      fields.set('apledger-signature', signature);
      const reply = await nc.request(subject, body, { headers: fields, timeout: 20_000 });
      return reply.headers?.get('Nats-Service-Error-Code');
    };
    expect(await send('apledger.v1.svc.query.who-am-i', '{}')).toBe('401');
    expect(await send('apledger.v1.svc.query.who-am-i', '{ }')).toBe('401');
    expect(await send(`apledger.v1.svc.query.host.${HOST}`, '{}')).toBe('401');
  });

  it('proposes what needs a second person, and approvers hear of it on NATS', async () => {
    const told = nc.subscribe('apledger.v1.ledger.*.ChangeProposed', { max: 1 });
    await nc.flush();
    await expect(signed.command(HOST, START)).rejects.toMatchObject({ status: 403, code: 'needs-approval' });
    const proposed = await signed.propose(HOST, {
      commands: [START],
      reason: 'web needs it',
      change: 'CHG-1',
    });
    expect(proposed).toMatchObject({ change: 'CHG-1', status: 'proposed', host: HOST });
    for await (const message of told) {
      expect(message.subject).toBe('apledger.v1.ledger.change-CHG-1.ChangeProposed');
      expect(JSON.parse(message.string())).toMatchObject({ reason: 'web needs it', host: HOST });
    }
    const server = /at (http:\/\/\S+)\//.exec(service.output())?.[1];
    const approved = await fetch(`${server}/api/v1/changes/CHG-1/approve`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${boss}` },
      body: JSON.stringify({ work: proposed.work, effect: proposed.effect }),
    });
    expect(await approved.json()).toMatchObject({ status: 'carried-out' });
    expect(await signed.query('guest', { guest: 'web' }, HOST)).toMatchObject({ mdevs: [{ mdev: A }] });
    await expect(signed.propose(HOST, { commands: [], reason: 'x' })).rejects.toMatchObject({ status: 400 });
  });
});
