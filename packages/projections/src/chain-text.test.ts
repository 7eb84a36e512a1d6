import { expect, it } from 'vitest';
import { chainText } from './chain-text.ts';

const problem = { stream: 'host-zlp1', revision: 27, position: 28, problem: 'its hash is not its own' };

it.each([
  [{ upTo: 35, facts: 35, problems: [] }, undefined],
  [{ upTo: 20, facts: 20, problems: [] }, /so far up to position 20/],
  [
    { upTo: 35, facts: 35, problems: [problem] },
    /^the log is NOT AS IT WAS WRITTEN, 1 problem \(.*position 28: /,
  ],
  [{ upTo: 35, facts: 35, problems: [problem, problem] }, /WRITTEN, 2 problems \(/],
])('a chain up to %j is said to be so', (chain, words) => {
  const text = chainText(chain, 35);
  if (words === undefined) expect(text).toBeUndefined();
  else expect(text).toMatch(words);
});
