/** What a controlled ledger needs at its edge, whatever the transport: the configuration, who asks, and a count of strangers. */
import type { AccessControl, LogLedger } from '@apledger/ledger';
import { Authenticator } from './authenticator.ts';
import type { AccessConfiguration } from './configuration.ts';
import { FailureCounter } from './failures.ts';
import { Provider } from './provider.ts';

export interface Edge {
  readonly configuration: AccessConfiguration;
  readonly access: AccessControl;
  readonly authenticator: Authenticator;
  readonly failures: FailureCounter;
  /** Undefined without people who sign in. */
  readonly provider: Provider | undefined;
}

/** Records the configuration where it differs from the last one. Throws LogError. */
export async function openEdge(
  ledger: LogLedger,
  configuration: AccessConfiguration,
  report: (line: string) => void,
  { keysCooldownMs }: { readonly keysCooldownMs?: number } = {},
): Promise<Edge> {
  const { access } = ledger;
  const { hash, oidc, binders, rules } = configuration;
  const issuers = oidc === undefined ? [] : [oidc.issuer];
  await access.record({ actor: 'apledger ledger' }, (state) =>
    state.configuration.hash === hash
      ? []
      : [
          {
            type: 'AccessConfigured',
            data: { hash, issuers, binders: [...binders], rules: [...rules] },
          },
        ],
  );
  return {
    configuration,
    access,
    authenticator: new Authenticator(access),
    failures: new FailureCounter(access, report),
    provider: oidc && new Provider(oidc, access, keysCooldownMs),
  };
}
