/** TLS from files, which may be replaced while the service runs. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { Failure } from '@apledger/command-line';
import { errorText } from '@apledger/text';

export interface TlsFiles {
  readonly paths: { readonly cert: string; readonly key: string };
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

/** Reads both, and sees whether they fit. Throws Failure(2). */
export function readTlsFiles(paths: TlsFiles['paths']): TlsFiles {
  const files = { paths, cert: read(paths.cert, '--tls-cert'), key: read(paths.key, '--tls-key') };
  try {
    createSecureContext(secureOptions(files));
  } catch (error) {
    throw new Failure(2, `--tls-cert ${paths.cert}, --tls-key ${paths.key}: ${errorText(error)}`, error);
  }
  return files;
}

function read(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure(2, `${option} ${path}: ${errorText(error)}`, error);
  }
}

/** For servers of node:https and for a new secure context of theirs. */
export const secureOptions = ({ cert, key }: TlsFiles) => ({ cert, key, minVersion: 'TLSv1.2' as const });
