/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The page's hook for programs, docs/console.md. */
interface Window {
  readonly apledger: {
    cell(
      apid: number,
      apqi: number,
    ):
      | {
          readonly apqn: string;
          readonly owner: string;
          readonly drawn: string;
          readonly headline: string;
          readonly reasons: readonly string[];
        }
      | undefined;
    readonly shown: { readonly position: number; readonly revision: number } | undefined;
    readonly played: { readonly frames: number; readonly facts: number } | undefined;
  };
}
