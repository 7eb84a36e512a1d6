/** Tasks that come up again and again, planned from the host as it is: drain a card, move a queue, retire a guest, prepare a migration. */
import { formatApid, parseApqn } from '@apledger/ap';
import type { Procedure } from '@apledger/events';
import type { HostView } from '@apledger/projections/host';
import { useState } from 'preact/hooks';

export interface ProceduresProps {
  readonly view: HostView;
  /** A queue that was chosen in the matrix. */
  readonly queue: string | undefined;
  readonly onPlan: (procedure: Procedure) => void;
}

const KINDS = {
  drain: 'Drain a card',
  'move-queue': 'Move a queue, with a reset in between',
  'retire-guest': 'Retire a guest',
  'prepare-migration': 'Prepare a live migration',
} as const;
type Kind = keyof typeof KINDS;

export function Procedures({ view, queue: chosen = '', onPlan }: ProceduresProps) {
  const guests = view.mdevs.flatMap(({ guest }) => guest ?? []);
  const [kind, setKind] = useState<Kind>('drain');
  const [card, setCard] = useState<number>();
  const [guest, setGuest] = useState<string>();
  const [to, setTo] = useState<string>();
  const [queue, setQueue] = useState<string>();
  const [stopsGuests, setStops] = useState(false);
  const of = guest ?? guests[0] ?? '';
  const adapter = card ?? view.adapters[0];
  const others = guests.filter((name) => name !== of);
  const procedure = procedureOf(kind, {
    adapter,
    guest: of,
    to: to ?? others[0] ?? '',
    queue: (queue ?? chosen).trim().toLowerCase(),
    stopsGuests,
  });
  return (
    <form
      class="procedures"
      onSubmit={(event) => {
        event.preventDefault();
        if (procedure !== undefined) onPlan(procedure);
      }}
    >
      <label>
        Task
        <select value={kind} onChange={({ currentTarget }) => setKind(currentTarget.value as Kind)}>
          {Object.entries(KINDS).map(([id, words]) => (
            <option key={id} value={id}>
              {words}
            </option>
          ))}
        </select>
      </label>
      {kind === 'drain' ? (
        <label>
          Card
          <select value={adapter} onChange={({ currentTarget }) => setCard(Number(currentTarget.value))}>
            {view.adapters.map((id) => (
              <option key={id} value={id}>
                {formatApid(id)}
              </option>
            ))}
          </select>
        </label>
      ) : (
        <Guests
          label={kind === 'move-queue' ? 'From' : 'Guest'}
          value={of}
          guests={guests}
          onGuest={setGuest}
        />
      )}
      {kind === 'move-queue' && (
        <>
          <Guests label="To" value={to ?? others[0] ?? ''} guests={others} onGuest={setTo} />
          <label>
            Queue
            <input
              class="apqn"
              size={8}
              value={queue ?? chosen}
              placeholder="05.0047"
              onInput={({ currentTarget }) => setQueue(currentTarget.value)}
            />
          </label>
        </>
      )}
      {(kind === 'drain' || kind === 'retire-guest') && (
        <label class="check">
          <input
            type="checkbox"
            checked={stopsGuests}
            onChange={({ currentTarget }) => setStops(currentTarget.checked)}
          />
          <span>Stop the guests; otherwise the plan waits until somebody stops them</span>
        </label>
      )}
      <button type="submit" disabled={procedure === undefined}>
        Plan it
      </button>
    </form>
  );
}

interface Chosen {
  readonly adapter: number | undefined;
  readonly guest: string;
  readonly to: string;
  readonly queue: string;
  readonly stopsGuests: boolean;
}

/** The procedure; undefined while something is missing. */
function procedureOf(kind: Kind, { adapter, guest, to, queue, stopsGuests }: Chosen): Procedure | undefined {
  const stops = stopsGuests ? { stopsGuests } : {};
  if (kind === 'drain') return adapter === undefined ? undefined : { procedure: kind, adapter, ...stops };
  if (guest === '') return undefined;
  if (kind === 'retire-guest') return { procedure: kind, guest, ...stops };
  if (kind === 'prepare-migration') return { procedure: kind, guest };
  return to === '' || parseApqn(queue) === undefined
    ? undefined
    : { procedure: kind, queue, from: guest, to };
}

interface GuestsProps {
  readonly label: string;
  readonly value: string;
  readonly guests: readonly string[];
  readonly onGuest: (guest: string) => void;
}

const Guests = ({ label, value, guests, onGuest }: GuestsProps) => (
  <label>
    {label}
    <select value={value} onChange={({ currentTarget }) => onGuest(currentTarget.value)}>
      {guests.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  </label>
);
