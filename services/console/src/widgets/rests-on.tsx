/** Whether the facts of a host, up to a position, are those that were written: said where an answer of the past is given, and only when they are not. */
import type { Chain } from '@apledger/api';
import { chainText } from '@apledger/projections/host';
import { Problem } from './problem.tsx';

export const RestsOn = ({
  host,
  answer,
}: {
  readonly host: string | undefined;
  readonly answer: { readonly position: number; readonly verification: Chain } | undefined;
}) => {
  const text = answer && chainText(answer.verification, answer.position);
  return <Problem words={text && `Host ${host}: ${text}.`} />;
};
