/** An audit report as one JSON document, which `apledger verify --heads` takes as it is. */

import type { AuditReport } from '@apledger/api';
import { jsonText } from '@apledger/text';

/** In pieces, since it can be longer than a string may be. */
export function* auditJson({
  scope,
  heads,
  hosts,
  verification,
}: AuditReport): Generator<string, void, undefined> {
  yield `{"scope":${jsonText(scope)},\n"heads":${jsonText(heads)},\n"verification":${jsonText(verification)},\n"hosts":[`;
  let between = '\n';
  for (const { exposures, runs, custody, refusals, ...host } of hosts) {
    yield `${between}{${jsonText(host).slice(1, -1)}`;
    for (const [key, list] of Object.entries({ exposures, runs, custody, refusals })) {
      yield `,\n"${key}":[`;
      for (const [i, one] of list.entries()) yield `${i === 0 ? '\n' : ',\n'}${jsonText(one)}`;
      yield ']';
    }
    yield '}';
    between = ',\n';
  }
  yield ']}\n';
}

/** The heads alone, in the form that `apledger verify --heads` takes, in one line. */
export const headsJson = ({ heads }: Pick<AuditReport, 'heads'>): string => jsonText({ heads });
