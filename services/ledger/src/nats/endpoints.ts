/** Every endpoint, in the order in which `$SRV.INFO` lists them. */
import { answeredOperations } from '@apledger/ledger';
import { command, type Endpoint, endpointOf } from './endpoint.ts';

export const endpoints: readonly Endpoint[] = [command, ...answeredOperations.flatMap(endpointOf)];
