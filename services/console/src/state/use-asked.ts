/** What was asked of the service, for a component: the newest answer, kept while the next one is on its way. */
import { useEffect, useState } from 'preact/hooks';
import { messageOf } from './session.ts';

export interface Asked<T> {
  readonly answer: T | undefined;
  /** Why there is no answer, for people. */
  readonly problem: string | undefined;
  readonly isAsking: boolean;
}

/** Asks whenever one of `inputs` changes; what was asked before is aborted. Undefined from `question` asks nothing. */
export function useAsked<T>(
  question: (signal: AbortSignal) => Promise<T> | undefined,
  inputs: readonly unknown[],
): Asked<T> {
  const [asked, setAsked] = useState<Asked<T>>({ answer: undefined, problem: undefined, isAsking: true });
  useEffect(() => {
    const asking = new AbortController();
    const answer = question(asking.signal);
    if (answer === undefined) {
      setAsked({ answer: undefined, problem: undefined, isAsking: false });
      return;
    }
    setAsked((before) => ({ ...before, isAsking: true }));
    answer.then(
      (found) => {
        if (!asking.signal.aborted) setAsked({ answer: found, problem: undefined, isAsking: false });
      },
      (error: unknown) => {
        if (asking.signal.aborted) return;
        setAsked((before) => ({ ...before, problem: messageOf(error), isAsking: false }));
      },
    );
    return () => asking.abort();
  }, inputs);
  return asked;
}
