/** Which changes of a host need a second person. */
import { FOUR_EYES, type FourEyes, type FourEyesRule } from '@apledger/events';
import { type Grants, hasGrants } from './effect.ts';
import { matchesHost } from './pattern.ts';

/** The strictest of the rules whose pattern names the host, so that their order does not matter; `none` without any. */
export function fourEyesOf(rules: readonly FourEyesRule[], host: string): FourEyes {
  const strictest = Math.max(0, ...matching(rules, host).map(({ fourEyes }) => FOUR_EYES.indexOf(fourEyes)));
  return FOUR_EYES[strictest] ?? 'all';
}

/** The issuers that approvers of the host's changes have to be of; empty = any. */
export const approversFrom = (rules: readonly FourEyesRule[], host: string): readonly string[] =>
  matching(rules, host).flatMap(({ approversFrom: issuer }) => (issuer === undefined ? [] : [issuer]));

/** Whether work that gives this needs a second person. */
export const needsSecondPerson = (fourEyes: FourEyes, grants: Grants): boolean =>
  fourEyes === 'all' || (fourEyes === 'grants' && hasGrants(grants));

const matching = (rules: readonly FourEyesRule[], host: string): readonly FourEyesRule[] =>
  rules.filter(({ hosts }) => matchesHost(hosts, host));
