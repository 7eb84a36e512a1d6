/** An audit report as one JSON document, which `apledger verify --heads` takes as it is. */

import type { AuditReport } from '@apledger/api';
import { jsonText } from '@apledger/text';
import type { VerifiedParts } from './words.ts';

/** In pieces, since it can be longer than a string may be. */
export async function* auditJson({
  scope,
  heads,
  hosts,
  verification,
}: VerifiedParts): AsyncGenerator<string, void, undefined> {
  yield `{"scope":${jsonText(scope)},\n"heads":${jsonText(heads)},\n"verification":${jsonText(verification)},\n"hosts":[`;
  let between = '\n';
  for await (const { exposures, runs, custody, refusals, ...host } of hosts) {
    yield `${between}{${jsonText(host).slice(1, -1)}`;
    for (const [key, list] of Object.entries({ exposures, runs, custody, refusals })) {
      yield `,\n"${key}":[`;
      let before = '\n';
      for (const one of list) {
        yield before + jsonText(one);
        before = ',\n';
      }
      yield ']';
    }
    yield '}';
    between = ',\n';
  }
  yield ']}\n';
}

/** The heads alone, in the form that `apledger verify --heads` takes, in one line. */
export const headsJson = ({ heads }: Pick<AuditReport, 'heads'>): string => jsonText({ heads });
