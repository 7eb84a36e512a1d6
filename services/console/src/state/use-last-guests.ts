/** Who had an mdev open last, when nobody has now: a guest that has stopped keeps its name. */
import type { LastGuest, MdevView } from '@apledger/api';
import { fetchGuests } from '../api/client.ts';
import { formatTime } from '../model/moment.ts';
import { usePage } from './page.tsx';
import { useAsked } from './use-asked.ts';

/** By mdev, as of the moment that the page shows; empty until it is known, and while facts are played. */
export function useLastGuests(): ReadonlyMap<string, LastGuest> {
  const { session } = usePage();
  const { host } = session;
  const position = session.settled.value?.position;
  const isPlaying = session.isPlaying.value;
  const { answer } = useAsked(
    async (signal) => {
      if (host === undefined || position === undefined || isPlaying) return undefined;
      const { guests } = await fetchGuests(host, position, signal);
      return { position, byMdev: new Map(guests.map((guest) => [guest.mdev, guest])) };
    },
    [session, position, isPlaying],
  );
  return answer !== undefined && answer.position === position ? answer.byMdev : NONE;
}

const NONE: ReadonlyMap<string, LastGuest> = new Map();

/** ` · last guest3, until Tue 17 Nov 2026 09:14:00 UTC`; '' for an mdev that is open, or never was. */
export function lastGuestText({ mdev, open }: MdevView, guests: ReadonlyMap<string, LastGuest>): string {
  const last = guests.get(mdev);
  if (open || last === undefined || last.stopped === null) return '';
  return ` · last ${last.guest ?? 'a user that is no KVM guest'}, until ${formatTime(Date.parse(last.stopped.occurredAt))}`;
}
