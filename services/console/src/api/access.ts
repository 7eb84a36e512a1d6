/** Signing in and out, and the changes that wait for a second person. */
import { type ChangeView, Problem, type Reply, type Request, type WhoAmI } from '@apledger/api';
import { Api } from '@apledger/client';
import type { Command } from '@apledger/events';

const api = new Api('');

/** Who the page's reader is to the service; undefined when nobody has signed in. */
export async function fetchMe(): Promise<WhoAmI | undefined> {
  try {
    return await api.get('/access/me', {});
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return undefined;
    throw error;
  }
}

/** The newest first. `next` is null when there are no older ones. */
export const fetchChanges = (request: Request<'changes'>, signal?: AbortSignal): Promise<Reply<'changes'>> =>
  api.get('/changes', request, { signal });

/** So many pages of them as one. */
export async function fetchPages(
  pages: number,
  limit: number,
  signal: AbortSignal,
): Promise<Reply<'changes'>> {
  const changes: ChangeView[] = [];
  let next: string | null = null;
  for (let page = 0; page < pages && (page === 0 || next !== null); page++) {
    const answer: Reply<'changes'> = await fetchChanges(
      { limit, ...(next !== null && { after: next }) },
      signal,
    );
    changes.push(...answer.changes);
    next = answer.next;
  }
  return { changes, next };
}

export const fetchChange = (change: string, signal?: AbortSignal) =>
  api.get('/changes/{change}', { change }, { signal });

/** Agrees to what was shown, and to nothing else. */
export const approve = ({ change, work, effect }: ChangeView) =>
  api.post('/changes/{change}/approve', { change, work, effect });

export const refuse = (change: string, reason: string) =>
  api.post('/changes/{change}/refuse', { change, reason });

/** Takes one's own proposal back. */
export const withdraw = (change: string, reason: string) =>
  api.post('/changes/{change}/withdraw', { change, reason });

/** Begins with the steps of a plan for which no second person is needed: with exactly this plan. */
export const start = (change: string, planHash: string) =>
  api.post('/changes/{change}/start', { change, planHash });

/** It stays, and does not go back by itself. */
export const confirm = (change: string) => api.post('/changes/{change}/confirm', { change });

/** How a held change goes on. */
export const resume = (change: string, how: Request<'resume'>['how'], reason: string) =>
  api.post('/changes/{change}/resume', { change, how, reason });

/** `confirmWithin` like 10m: it goes back unless it is confirmed within that time; '' = it stays. */
export const proposePlan = (
  plan: NonNullable<Request<'propose'>['plan']>,
  reason: string,
  confirmWithin: string,
) =>
  api.post('/hosts/{host}/changes', {
    host: plan.host,
    plan,
    reason,
    ...(confirmWithin === '' ? {} : { confirmWithin }),
  });

export const propose = (host: string, commands: readonly Command[], reason: string) =>
  api.post('/hosts/{host}/changes', { host, commands, reason });

export const signOut = async (): Promise<void> => {
  await fetch('/auth/logout', { method: 'POST' });
};

/** Comes back to where the reader is now. */
export const signInAddress = (): string =>
  `/auth/login?to=${encodeURIComponent(location.pathname + location.search)}`;
