import { openSqliteLog } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import { mkdirSync } from 'node:fs';
import { newFact } from './history.ts';
import { Walk } from './walk.ts';
const directory = process.argv[2] ?? '';
const total = Number(process.argv[3]);
mkdirSync(directory, { recursive: true });
const log = await openSqliteLog({ directory, synchronous: 'NORMAL' });
const walk = new Walk({ host: 'large', driver: process.argv[4] as '7.3', adapters: 16, domains: 85, mdevs: 60 }, 7);
let count = 0; let revision = -1; let t = Date.parse('2025-01-01T00:00:00Z');
const dt = Number(process.argv[5] ?? 30000);
let pending: Promise<unknown>[] = [];
while (count < total) {
  const { decision } = walk.step();
  if (decision.facts.length === 0) continue;
  t += dt;
  const at = new Date(t).toISOString(); const commandId = crypto.randomUUID();
  pending.push(log.append({ stream: streamOf('large'), expected: revision < 0 ? 'none' : revision, commandId, actor: 'uid=0(root)', correlation: commandId, facts: decision.facts.map((f) => newFact(f, at)) }));
  revision += decision.facts.length; count += decision.facts.length;
  if (pending.length >= 512) { await Promise.all(pending); pending = []; }
}
await Promise.all(pending);
console.log(count, revision);
await log.close();
