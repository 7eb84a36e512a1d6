/** An audit report as one JSON document, which `apledger verify --heads` takes as it is. */
import type { AuditReport } from '@apledger/api';

/** In pieces, since it can be longer than a string may be. */
export function* auditJson({ scope, heads, hosts }: AuditReport): Generator<string, void, undefined> {
  yield `{"scope":${JSON.stringify(scope)},\n"heads":${JSON.stringify(heads)},\n"hosts":[`;
  let between = '\n';
  for (const { exposures, runs, custody, ...host } of hosts) {
    yield `${between}{${JSON.stringify(host).slice(1, -1)}`;
    for (const [key, list] of Object.entries({ exposures, runs, custody })) {
      yield `,\n"${key}":[`;
      for (const [i, one] of list.entries()) yield `${i === 0 ? '\n' : ',\n'}${JSON.stringify(one)}`;
      yield ']';
    }
    yield '}';
    between = ',\n';
  }
  yield ']}\n';
}

/** The heads alone, in the form that `apledger verify --heads` takes; one line of ASCII. */
export const headsJson = ({ heads }: Pick<AuditReport, 'heads'>): string =>
  JSON.stringify({ heads }).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
