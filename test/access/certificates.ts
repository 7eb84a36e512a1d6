/** A certificate authority for tests, made with openssl. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] });

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** Paths of a self-signed authority in the directory. */
export function authority(directory: string, name: string): Pair {
  const pair = { cert: join(directory, `${name}.pem`), key: join(directory, `${name}.key`) };
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    pair.key,
    '-out',
    pair.cert,
  );
  return pair;
}

/** Paths of a certificate that the authority has signed. */
export function signed(directory: string, name: string, by: Pair, subjectAltName: string, days = '2'): Pair {
  const pair = { cert: join(directory, `${name}.pem`), key: join(directory, `${name}.key`) };
  const request = join(directory, `${name}.csr`);
  const extensions = join(directory, `${name}.ext`);
  writeFileSync(extensions, `subjectAltName=${subjectAltName}\n`);
  openssl(
    'req',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=root',
    '-keyout',
    pair.key,
    '-out',
    request,
  );
  openssl(
    'x509',
    '-req',
    '-in',
    request,
    '-CA',
    by.cert,
    '-CAkey',
    by.key,
    '-CAcreateserial',
    '-days',
    days,
    '-extfile',
    extensions,
    '-out',
    pair.cert,
  );
  return pair;
}
