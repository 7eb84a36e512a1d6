/**
 * Who gave a command.
 *
 * Within one account, NATS does not tell a service who sent a message: the actor is what the client says of itself.
 * What comes through an import from another account carries `Nats-Request-Info`, which the server writes and no
 * importing client can forge; clients of the ledger's own account can. So it counts only where the operator has said that all
 * requests come that way (`--trust-request-info`), and there a request without it is turned away.
 */
import { Problem } from '@apledger/api';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { ACTOR, type Call, noteIn, REQUEST_INFO } from './call.ts';

/** `user` is there when the import has `share: true`. */
const requestInfo = Compile(
  Type.Object({ acc: Type.String({ minLength: 1 }), user: Type.Optional(Type.String({ minLength: 1 })) }),
);

/** `what the client says`, or with trusted request info `ACCOUNT/user: what the client says`. */
export function actorOf(call: Call): string {
  const said = noteIn(call, ACTOR);
  if (!call.trustsRequestInfo) return said ?? 'anonymous';
  const { acc, user } = infoOf(call);
  const known = user === undefined ? acc : `${acc}/${user}`;
  return said === undefined ? known : `${known}: ${said}`;
}

function infoOf({ headers }: Call): { readonly acc: string; readonly user?: string } {
  try {
    const info: unknown = JSON.parse(headers.get(REQUEST_INFO) ?? '');
    if (requestInfo.Check(info)) return info;
  } catch {
    // As good as none.
  }
  throw new Problem(
    403,
    'no-identity',
    "This ledger takes commands only through an import from another account (Nats-Request-Info); connect as a user of such an account, not as one of the ledger's own.",
  );
}
