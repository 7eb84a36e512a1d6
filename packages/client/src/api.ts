/** Calls of the API, each with the types of its parameters and its answer. */
import createClient, { type Client } from 'openapi-fetch';
import { problemOf, unreachable } from './problem.ts';
import type { paths } from './schema.ts';

/** `GET` and `POST` with the paths of the API. */
export type Api = Client<paths>;

/** `server` is where the service is, `http://127.0.0.1:8642`; '' = where this page is from. */
export function openApi(server: string): Api {
  const place = server.replace(/\/$/, '');
  return createClient<paths>({
    baseUrl: `${place}/api/v1`,
    querySerializer: { array: { style: 'form', explode: false } },
    fetch: async (request) => {
      try {
        return await fetch(request);
      } catch (error) {
        if (request.signal.aborted) throw error;
        throw unreachable(place, error);
      }
    },
  });
}

/** What the call answers. Throws ApiProblem, or Unreachable. */
export async function answer<T>(
  call: Promise<{ readonly data?: T; readonly error?: unknown; readonly response: Response }>,
): Promise<T> {
  const { data, error, response } = await call;
  if (data === undefined) throw problemOf(response, error);
  return data;
}
