/**
 * The ledger's HTTP API as typed calls, for browsers and for Node 20 and newer. The types are those of packages/api; of that
 * package's code nothing but the class Problem is loaded.
 *
 *     const api = new Api('http://127.0.0.1:8642');
 *     const host = await api.get('/hosts/{host}', { host: 'zlp1' });
 *     for await (const delivery of followFacts({ server: 'http://127.0.0.1:8642', after: host.position })) …
 */
export { Api, type ApiOptions, type CallOptions, type Current, type Submission } from './api.ts';
export { type Delivery, type FollowOptions, followFacts } from './follow.ts';
export { problemOf, Unreachable } from './problem.ts';
