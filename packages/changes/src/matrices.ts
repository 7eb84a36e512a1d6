/** What a plan is held to: who has which queues, as one hash. */
import { hash } from 'node:crypto';
import { equals, formatMask, idsOf, idsOfMatrix, type Mask256 } from '@apledger/ap';
import { type HostState, isOpen, type Mdev, queuesOf } from '@apledger/host';
import canonicalize from 'canonicalize';

/** Hexadecimal SHA-256 of the canonical JSON (RFC 8785) of a value. */
export const digestOf = (value: unknown): string => hash('sha256', canonicalize(value) ?? '', 'hex');

/**
 * Hash of a host's generation, masks, queues with their drivers, and mdevs with their matrices and guests. Not in it: revision, position,
 * time, the order in which mdevs were made, and what the last resets answered.
 */
export const matricesDigest = (state: HostState): string => new MatricesDigests().of(state);

/**
 * The same of states of one host that follow on each other, as a plan has them: what is as it was is not written again.
 *
 * The hash is of canonical JSON (RFC 8785) of what `GET /hosts/{host}` answers, without what is left out. It is written by hand: the keys
 * stand in order, and of integers and texts JSON.stringify writes the canonical form.
 */
export class MatricesDigests {
  readonly #cards = new Map<number, { readonly queues: CardQueues; readonly json: string }>();
  readonly #mdevs = new Map<string, { readonly mdev: Mdev; readonly json: string }>();

  of(state: HostState): string {
    return hash('sha256', state.isRegistered ? this.#json(state) : 'null', 'hex');
  }

  #json(state: HostState): string {
    const text = JSON.stringify;
    const cards = state.cards.keys().map((adapter) => this.#card(state, adapter));
    const mdevs = [...state.mdevs.values()].sort((a, b) => (a.uuid < b.uuid ? -1 : 1));
    const masks = `"apmask":${text(formatMask(state.apmask))},"aqmask":${text(formatMask(state.aqmask))}`;
    const driver = text(state.driver);
    return `{${masks},"cards":[${cards}],"driver":${driver},"mdevs":[${mdevs.map((mdev) => this.#mdev(mdev))}]}`;
  }

  #card(state: HostState, adapter: number): string {
    const queues: CardQueues = {
      queues: queuesOf(state, adapter),
      vfioAp: queuesOf(state, adapter, 'vfioAp'),
      zcrypt: queuesOf(state, adapter, 'zcrypt'),
    };
    const before = this.#cards.get(adapter);
    if (before !== undefined && CARD_QUEUES.every((name) => equals(before.queues[name], queues[name])))
      return before.json;
    const json = JSON.stringify({
      adapter,
      queues: idsOf(queues.queues),
      vfioAp: idsOf(queues.vfioAp),
      zcrypt: idsOf(queues.zcrypt),
    });
    this.#cards.set(adapter, { queues, json });
    return json;
  }

  #mdev(mdev: Mdev): string {
    const before = this.#mdevs.get(mdev.uuid);
    if (before?.mdev.equals(mdev)) return before.json;
    const json = JSON.stringify(inOrder(mdev));
    this.#mdevs.set(mdev.uuid, { mdev, json });
    return json;
  }
}

const CARD_QUEUES = ['queues', 'vfioAp', 'zcrypt'] as const;
type CardQueues = Readonly<Record<(typeof CARD_QUEUES)[number], Mask256>>;

function inOrder(mdev: Mdev) {
  const { assigned, effective, guestMatrix } = mdev;
  const { adapters, controlDomains, domains } = idsOfMatrix(assigned);
  return {
    adapters,
    attached: mdev.attached,
    controlDomains,
    domains,
    effective: effective && matrixInOrder(effective),
    guest: mdev.guest,
    guestMatrix: guestMatrix && matrixInOrder(guestMatrix),
    mdev: mdev.uuid,
    migrating: mdev.lifecycle === 'migrating',
    open: isOpen(mdev),
    removing: mdev.removing,
  };
}

function matrixInOrder(matrix: Mdev['assigned']) {
  const { adapters, controlDomains, domains } = idsOfMatrix(matrix);
  return { adapters, controlDomains, domains };
}
