/** Are the heads that somebody noted still in the log, with the hashes that they had? */
import { HostName } from '@apledger/events';
import Type from 'typebox';
import { headAt } from './hosts.ts';
import { operation } from './operation.ts';

/** One reading of the log each. */
const MAX_HEADS = 1000;

export const verify = operation(
  {
    name: 'verify',
    does: 'Compares heads noted earlier (from hosts or verify --json) with the log. A hash seals all facts before it; `apledger verify` recomputes them.',
  },
  {
    request: Type.Object(
      {
        heads: Type.Array(
          Type.Object({
            host: HostName,
            revision: Type.Integer({ minimum: 0, maximum: 0xffff_ffff }),
            hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
          }),
          { minItems: 1, maxItems: MAX_HEADS },
        ),
      },
      { additionalProperties: false },
    ),
    reply: Type.Object({
      checked: Type.Integer({ description: 'how many heads were compared' }),
      problems: Type.Array(
        Type.Object({ host: HostName, revision: Type.Integer(), problem: Type.String() }),
        { description: 'none = every head is still what it was' },
      ),
    }),
  },
  async (ledger, { heads }) => {
    const problems = [];
    for (const { host, revision, hash } of heads) {
      const found = await headAt(ledger, host, revision);
      if (found?.hash === hash) continue;
      const problem =
        found === undefined
          ? 'noted earlier, but not there any more'
          : 'its hash is not the one noted earlier';
      problems.push({ host, revision, problem });
    }
    return { checked: heads.length, problems };
  },
);
