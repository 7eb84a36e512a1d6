/** Acting alone in an emergency, and being looked at afterwards. */
import { describe, expect, it } from 'vitest';
import { controlled } from './test-access.ts';

const GIVE_HOST = { type: 'WriteMask', mask: 'apmask', text: '+5' };
const HOUR_MS = 3_600_000;

describe('break glass', () => {
  it('lets one act alone where he was bound before, says so at once, and is reviewed by another before the next use', async () => {
    const made = await controlled();
    const anna = await made.person('anna', ['operator', 'prod*'], ['break-glass', 'prod*']);
    const boss = await made.person('boss', ['approver', '*']);
    const open = (more: object = {}) =>
      made.post('/access/break-glass', { hosts: 'prod1', reason: 'the bank stands still', ...more }, anna);
    const give = () => made.post('/hosts/prod1/commands', GIVE_HOST, anna);
    const review = (glass: unknown, headers = boss) =>
      made.post(`/access/break-glass/${glass}/review`, { finding: 'it was needed' }, headers);

    expect((await give()).status).toBe(403);
    expect(await open({ for: '5h' })).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('4 hours') },
    });
    expect((await open({ hosts: 'test1' })).status).toBe(403);
    expect((await open({ hosts: '*' })).status).toBe(403);
    const { body } = await open();
    expect(made.reports.at(-1)).toMatch(/anna broke the glass on prod1 until .*: the bank stands still/);
    expect((await give()).status).toBe(200);
    expect((await made.facts('host-prod1')).at(-1)).toMatchObject({ auth: { subject: 'anna' } });

    made.now = new Date(made.now.getTime() + HOUR_MS);
    expect((await made.post('/hosts/prod1/commands', { ...GIVE_HOST, text: '+6' }, anna)).status).toBe(403);
    expect((await open()).body).toMatchObject({
      code: 'not-now',
      detail: expect.stringContaining('not reviewed'),
    });
    expect((await review(body.glass, anna)).status).toBe(403);
    expect((await review(body.glass)).body).toMatchObject({ isReviewed: true });
    expect((await review(body.glass)).status).toBe(409);
    expect((await open()).status).toBe(200);
    expect((await made.get('/access/break-glass', boss)).body.glasses).toHaveLength(2);
  });

  it('needs the role, and its user present', async () => {
    const made = await controlled();
    const anna = await made.person('anna', ['operator', 'prod*']);
    expect((await made.post('/access/break-glass', { hosts: 'prod1', reason: 'x' }, anna)).status).toBe(403);
    expect((await made.facts()).at(-1)).toMatchObject({
      type: 'AccessDenied',
      data: { asked: 'break-glass' },
    });
  });
});
