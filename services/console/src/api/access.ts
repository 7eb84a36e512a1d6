/** Signing in and out, and the changes that wait for a second person. */
import { type ChangeView, Problem, type WhoAmI } from '@apledger/api';
import { Api } from '@apledger/client';

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

export const fetchOpenChanges = async (): Promise<readonly ChangeView[]> =>
  (await api.get('/changes', { status: 'proposed' })).changes;

export const fetchChange = (change: string) => api.get('/changes/{change}', { change });

/** Agrees to what was shown, and to nothing else. */
export const approve = ({ change, work, effect }: ChangeView) =>
  api.post('/changes/{change}/approve', { change, work, effect });

export const refuse = (change: string, reason: string) =>
  api.post('/changes/{change}/refuse', { change, reason });

export const propose = (host: string, commands: WhoCommands, reason: string) =>
  api.post('/hosts/{host}/changes', { host, commands, reason });
type WhoCommands = NonNullable<ChangeView['commands']>;

export const signOut = async (): Promise<void> => {
  await fetch('/auth/logout', { method: 'POST' });
};

/** Comes back to where the reader is now. */
export const signInAddress = (): string =>
  `/auth/login?to=${encodeURIComponent(location.pathname + location.search)}`;
