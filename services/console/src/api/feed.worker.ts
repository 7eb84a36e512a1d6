/**
 * Fetches facts ahead of the playhead, away from the thread that draws: parsing and packing a thousand of them takes longer than a frame.
 * One request at a time: `{ after, host }` is answered by a page, or by what went wrong.
 */
import { type Fact, pack } from '@apledger/events';
import { errorText } from '@apledger/text';
import { type FactPage, pageOf } from '../model/pages.ts';
import { fetchFacts } from './client.ts';

export interface FeedRequest {
  readonly after: number;
  readonly host: string | undefined;
}

export type FeedAnswer =
  | { readonly page: FactPage; readonly after: number; readonly isEnd: boolean }
  | { readonly problem: string };

const PAGE = 1000;

const packed = (fact: { readonly type: string; readonly data: object }): Uint8Array =>
  pack({ type: fact.type, data: fact.data } as Fact);

async function answer({ after, host }: FeedRequest): Promise<FeedAnswer> {
  try {
    const { events, after: next, isEnd } = await fetchFacts({ after, host, limit: PAGE });
    return { page: pageOf(events, (i) => packed(events[i] ?? { type: '', data: {} })), after: next, isEnd };
  } catch (error) {
    return { problem: errorText(error) };
  }
}

self.addEventListener('message', async ({ data }: MessageEvent<FeedRequest>) => {
  const message = await answer(data);
  if (!('page' in message)) {
    self.postMessage(message);
    return;
  }
  const { positions, revisions, times, ends, bytes } = message.page;
  const transfer = [positions, revisions, times, ends, bytes].map(({ buffer }) => buffer);
  self.postMessage(message, { transfer });
});
