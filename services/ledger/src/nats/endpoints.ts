/** Every endpoint, in the order in which `$SRV.INFO` lists them. */
import { answeredOperations } from '@apledger/ledger';
import { command, type Endpoint, propose, query } from './endpoint.ts';

export const endpoints: readonly Endpoint[] = [
  command,
  ...answeredOperations.filter(({ name }) => name === 'propose-change').map(propose),
  ...answeredOperations.flatMap(query),
];
