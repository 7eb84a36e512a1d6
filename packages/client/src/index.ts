/**
 * The ledger's HTTP API as typed calls, for browsers and for Node. The types are made from its OpenAPI document.
 *
 *     const api = openApi('http://127.0.0.1:8642');
 *     const host = await answer(api.GET('/hosts/{host}', { params: { path: { host: 'zlp1' } } }));
 *     for await (const delivery of followFacts({ server: 'http://127.0.0.1:8642', after: host.position })) …
 */
export { type Api, answer, openApi } from './api.ts';
export { type Delivery, type FollowOptions, followFacts } from './follow.ts';
export { ApiProblem, isUnreachable, type ProblemBody, Unreachable } from './problem.ts';
export type { components, operations, paths } from './schema.ts';

import type { components } from './schema.ts';

type Schemas = components['schemas'];
export type Command = Schemas['Command'];
export type GuestView = Schemas['GuestView'];
export type Head = Schemas['Head'];
export type HostView = Schemas['HostView'];
export type MdevView = Schemas['MdevView'];
export type Receipt = Schemas['Receipt'];
export type RecordedFact = Schemas['RecordedFact'];
export type Refusal = Schemas['Refusal'];
