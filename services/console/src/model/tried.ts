/** What came of trying steps, as far as it is shown. */
import type { HostView as HostViewJson, OutOfService, Share, SupposedStep, WhatIf } from '@apledger/api';

export interface Tried {
  readonly host: string;
  readonly at: Pick<WhatIf['at'], 'revision' | 'position'>;
  readonly steps: readonly SupposedStep[];
  readonly lost: readonly Share[];
  readonly gained: readonly Share[];
  readonly hostQueues: { readonly lost: readonly string[]; readonly gained: readonly string[] };
  readonly outOfService: readonly OutOfService[];
  readonly before: HostViewJson;
  readonly after: HostViewJson;
}

/** What comes of no step at all. */
export const untouched = (view: HostViewJson): Tried => ({
  host: view.host,
  at: view,
  steps: [],
  lost: [],
  gained: [],
  hostQueues: { lost: [], gained: [] },
  outOfService: [],
  before: view,
  after: view,
});
