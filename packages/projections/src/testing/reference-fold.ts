/**
 * The slow twin of the packed fold, for tests: JSON facts into sets and plain objects, one `if` a sentence of the facts' meaning. It
 * shares no code with the fold that it judges.
 */
import type { Fact, Generation, MatrixIds, QueueDriver } from '@apledger/events';

type Driver = 'zcrypt' | 'vfio_ap';
interface Queue {
  exists: boolean;
  boundTo: Driver | null;
}
interface Mdev {
  assigned: { adapters: Set<number>; domains: Set<number>; controlDomains: Set<number> };
  open: boolean;
  guest: string | null;
  attached: boolean;
  migrating: boolean;
  removing: boolean;
  guestMatrix: MatrixIds | null;
  effective: MatrixIds | null;
}

const sorted = (ids: Iterable<number>): number[] => [...new Set(ids)].sort((a, b) => a - b);
const sortedMatrix = (matrix: MatrixIds | null): MatrixIds | null =>
  matrix && {
    adapters: sorted(matrix.adapters),
    domains: sorted(matrix.domains),
    controlDomains: sorted(matrix.controlDomains),
  };
const driverOf = (driver: QueueDriver): Driver => (driver === 'vfio_ap' ? 'vfio_ap' : 'zcrypt');

export class ReferenceFold {
  driver: Generation | undefined;
  masks = { apmask: '', aqmask: '' };
  cards = new Map<number, Map<number, Queue>>();
  mdevs = new Map<string, Mdev>();

  /** What the JSON of a view shows, but for the host's name and the moment; undefined before the registration. */
  view(): object | undefined {
    if (this.driver === undefined) return undefined;
    const cards = [...this.cards]
      .sort(([a], [b]) => a - b)
      .map(([adapter, queues]) => {
        const domains = (holds: (queue: Queue) => boolean) =>
          sorted([...queues].filter(([, queue]) => holds(queue)).map(([apqi]) => apqi));
        return {
          adapter,
          queues: domains((queue) => queue.exists),
          zcrypt: domains((queue) => queue.boundTo === 'zcrypt'),
          vfioAp: domains((queue) => queue.boundTo === 'vfio_ap'),
        };
      });
    return {
      driver: this.driver,
      ...this.masks,
      adapters: cards.map(({ adapter }) => adapter),
      domains: sorted(cards.flatMap(({ queues }) => queues)),
      cards,
      mdevs: [...this.mdevs].map(([mdev, { assigned, ...rest }]) => ({
        mdev,
        adapters: sorted(assigned.adapters),
        domains: sorted(assigned.domains),
        controlDomains: sorted(assigned.controlDomains),
        ...rest,
      })),
    };
  }

  apply(fact: Fact): void {
    this.#applyToHost(fact);
    if ('mdev' in fact.data) this.#applyToMdev(fact, fact.data.mdev);
  }

  #applyToHost(fact: Fact): void {
    if (fact.type === 'HostRegistered') {
      this.driver = fact.data.driver;
      this.masks = { apmask: fact.data.apmask, aqmask: fact.data.aqmask };
      this.cards.clear();
      this.mdevs.clear();
    }
    if (fact.type === 'MaskChanged') this.masks[fact.data.mask] = fact.data.value;
    if (fact.type === 'CardDetected') this.#card(fact.data.adapter);
    if (fact.type === 'CardRemoved') this.cards.delete(fact.data.adapter);
    if (fact.type === 'QueueDetected') this.#queues(fact.data.queues, true, (queue) => (queue.exists = true));
    if (fact.type === 'QueueRemoved') {
      this.#queues(fact.data.queues, false, (queue) =>
        Object.assign(queue, { exists: false, boundTo: null }),
      );
    }
    if (fact.type === 'QueueBound') {
      const boundTo = driverOf(fact.data.driver);
      this.#queues(fact.data.queues, true, (queue) => Object.assign(queue, { exists: true, boundTo }));
    }
    if (fact.type === 'QueueUnbound') {
      const from = driverOf(fact.data.driver);
      this.#queues(fact.data.queues, false, (queue) => {
        if (queue.boundTo === from) queue.boundTo = null;
      });
    }
  }

  #card(adapter: number): Map<number, Queue> {
    const card = this.cards.get(adapter) ?? new Map<number, Queue>();
    this.cards.set(adapter, card);
    return card;
  }

  #queues(names: readonly string[], makesCards: boolean, change: (queue: Queue) => void): void {
    for (const name of names) {
      const [apid = 0, apqi = 0] = name.split('.').map((part) => Number.parseInt(part, 16));
      if (!makesCards && !this.cards.has(apid)) continue;
      const card = this.#card(apid);
      const queue = card.get(apqi) ?? { exists: false, boundTo: null };
      change(queue);
      card.set(apqi, queue);
    }
  }

  #applyToMdev(fact: Fact, uuid: string): void {
    if (fact.type === 'MdevCreated') {
      this.mdevs.delete(uuid);
      this.mdevs.set(uuid, {
        assigned: { adapters: new Set(), domains: new Set(), controlDomains: new Set() },
        open: false,
        guest: null,
        attached: false,
        migrating: false,
        removing: false,
        guestMatrix: this.#closedMatrix(),
        effective: null,
      });
    }
    if (fact.type === 'MdevRemoved') this.mdevs.delete(uuid);
    const mdev = this.mdevs.get(uuid);
    if (mdev === undefined) return;
    this.#applyAssignment(fact, mdev);
    if (fact.type === 'MdevRemovalBlocked') mdev.removing = true;
    if (fact.type === 'GuestMatrixChanged') {
      const { adapters, domains, controlDomains } = fact.data;
      mdev.guestMatrix = sortedMatrix({ adapters, domains, controlDomains });
    }
    if (fact.type === 'GuestStarted') {
      const { guest, attached } = fact.data;
      Object.assign(mdev, { guest, attached, open: true, migrating: false });
      if (this.driver !== '5.10') mdev.guestMatrix ??= { adapters: [], domains: [], controlDomains: [] };
    }
    if (fact.type === 'GuestStopped') {
      Object.assign(mdev, { guest: null, attached: false, open: false, migrating: false, effective: null });
      if (this.driver === '2019-v2') mdev.guestMatrix = null;
    }
    if (fact.type === 'MigrationRequested') mdev.migrating = true;
    if (fact.type === 'MigrationRefused' || fact.type === 'MigrationCompleted') mdev.migrating = false;
    if ('effective' in fact.data) mdev.effective = sortedMatrix(fact.data.effective);
  }

  #closedMatrix(): MatrixIds | null {
    return this.driver === '2019-v2' || this.driver === '5.10'
      ? null
      : { adapters: [], domains: [], controlDomains: [] };
  }

  #applyAssignment(fact: Fact, { assigned }: Mdev): void {
    if (fact.type === 'AdapterAssigned') fact.data.adapters.forEach((id) => void assigned.adapters.add(id));
    if (fact.type === 'AdapterUnassigned')
      fact.data.adapters.forEach((id) => void assigned.adapters.delete(id));
    if (fact.type === 'DomainAssigned') fact.data.domains.forEach((id) => void assigned.domains.add(id));
    if (fact.type === 'DomainUnassigned') fact.data.domains.forEach((id) => void assigned.domains.delete(id));
    const control = assigned.controlDomains;
    if (fact.type === 'ControlDomainAssigned') fact.data.controlDomains.forEach((id) => void control.add(id));
    if (fact.type === 'ControlDomainUnassigned')
      fact.data.controlDomains.forEach((id) => void control.delete(id));
  }
}
