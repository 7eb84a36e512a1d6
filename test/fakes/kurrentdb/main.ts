/** `node main.ts [PORT]`: the fake in a process of its own. Prints its connection string once it serves. */

import { writeSync } from 'node:fs';
import { FakeKurrentDB } from './server.ts';

const fake = await new FakeKurrentDB({ port: Number(process.argv[2] ?? 0) }).start();
writeSync(1, `${fake.connectionString()}\n`);
