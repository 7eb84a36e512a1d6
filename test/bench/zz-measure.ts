import { openSqliteLog } from '@apledger/event-log';
import { openCustody } from '@apledger/projections';
const log = await openSqliteLog({ directory: process.argv[2] ?? '', readOnly: true });
const q = openCustody({ log });
const timed = async (name: string, work: () => Promise<unknown>) => {
  const t = performance.now(); const r = await work();
  console.log(name, Math.round(performance.now() - t), 'ms', typeof r === 'number' ? r : '', Math.round(process.memoryUsage().rss / 1e6), 'MB');
};
for (const apqn of ['09.0005', '00.0000', 'ff.00ff', '09.0005']) await timed(`custody ${apqn}`, async () => (await q.custody('large', apqn))?.intervals.length);
await timed('guest', async () => (await q.guestHistory('large', 'guest5'))?.queues.length);
await timed('exposures', async () => (await q.exposures('large'))?.length);
await timed('audit', async () => (await q.audit({ host: 'large', guest: null, from: null, to: null }))?.hosts[0]?.custody.length);
