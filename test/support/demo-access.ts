/** `npm start -- --demo-access`: the service with a provider and three people, to try who may do what. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Role } from '@apledger/events';
import { dataDirectory, openLogLedger } from '@apledger/ledger';
import { PEOPLE, startProvider } from './provider.ts';

const MAIN = new URL('../../services/ledger/bin/ledger.mjs', import.meta.url).pathname;
const ROLES: Readonly<Record<string, Role>> = { olga: 'operator', amir: 'approver', ida: 'auditor' };

const args = process.argv.slice(2);
const { values } = parseArgs({
  args,
  strict: false,
  options: { port: { type: 'string' }, data: { type: 'string' } },
});
const port = Number(values.port ?? process.env.APLEDGER_PORT ?? 8642);
const place = typeof values.data === 'string' ? { data: values.data } : {};

// The same port each time: the issuer is part of who somebody is.
const provider = await startProvider({
  port: port + 1,
  redirectUris: ['127.0.0.1', 'localhost'].map((host) => `http://${host}:${port}/auth/callback`),
});
const configuration = join(dataDirectory(place), 'demo-access.yaml');
writeFileSync(
  configuration,
  `# Written by npm start -- --demo-access: a provider without passwords is for trying out only.\noidc: { issuer: "${provider.issuer}", clientId: apledger }\nrules:\n  - { hosts: "*", fourEyes: grants }\n`,
);

const ledger = await openLogLedger(place);
for (const [person, role] of Object.entries(ROLES))
  if (
    ![...(await ledger.access.sync()).bindingsOf({ issuer: provider.issuer, subject: person })].some(
      (each) => each.role === role,
    )
  )
    await ledger.ask('bindRole', {
      subject: `${provider.issuer}#${person}`,
      role,
      hosts: '*',
      reason: 'npm start -- --demo-access',
    });
await ledger.close();

console.log(`
Access is controlled here. The provider at ${provider.issuer}/ asks for no password; pick who you are:
${Object.entries(PEOPLE)
  .map(([name, what]) => `  ${name}, ${what}`)
  .join('\n')}
Try:  npx apledger login --server http://127.0.0.1:${port}          and pick olga
      npx apledger change propose --host zlp1 --reason 'more for the host' 'echo +5 > /sys/bus/ap/apmask' --server http://127.0.0.1:${port}
      APLEDGER_SESSIONS=amir.json npx apledger login --server http://127.0.0.1:${port}          and pick amir
      APLEDGER_SESSIONS=amir.json npx apledger change list --server http://127.0.0.1:${port}
`);
const service = spawn(process.execPath, [MAIN, ...args, '--access', configuration], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => service.kill(signal));
service.on('close', async (code) => {
  await provider.close();
  process.exitCode = code ?? 1;
});
