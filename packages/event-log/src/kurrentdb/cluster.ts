/**
 * Which server leads, and who is asked for it.
 *
 * One named host is taken as it is; several, `+discover`, and a host that failed are looked behind: all named hosts and
 * all that gossip ever told of are asked at once, and the first answer that names a living leader counts. A node that
 * failed is believed again only when it says itself that it leads. While calls wait for a node without an answer, the
 * others are asked whether they follow somebody else by now: a hung leader is left as soon as there is a new one.
 */

import type { ChannelCredentials } from '@grpc/grpc-js';
import { type Address, type Endpoint, sameEndpoint, targetOf } from './address.ts';
import { Fault, faultOf, isTransient } from './faults.ts';
import { closedFault, Node } from './node.ts';
import type { Protocol } from './protocol.ts';

/** How often it is looked whether the node answers. */
const WATCH_MS = 250;
/** A call without an answer, and a node without a word, for so long: others are asked who leads. */
const SUSPECT_CALL_MS = 1_000;
const SUSPECT_SILENCE_MS = 5_000;
const ASK_AGAIN_MS = 500;
const LEARNT = 64;

interface Member extends Endpoint {
  readonly leads: boolean;
}

export class Cluster {
  readonly #protocol: Protocol;
  readonly #address: Address;
  readonly #credentials: ChannelCredentials;
  readonly #learnt = new Map<string, Endpoint>();
  #node: Node | undefined;
  #finding: Promise<Node> | undefined;
  /** The node that failed last, and who leads according to it. */
  #failed: Endpoint | undefined;
  #hint: Endpoint | undefined;
  #watching: NodeJS.Timeout | undefined;
  #askedAt = 0;
  #isAsking = false;
  readonly #questions = new Set<{ cancel(): void }>();
  #isClosed = false;

  constructor(protocol: Protocol, address: Address) {
    this.#protocol = protocol;
    this.#address = address;
    this.#credentials = credentialsOf(protocol, address);
  }

  /** The node to call. Throws a Fault when nobody names a leader. */
  async node(): Promise<Node> {
    if (this.#isClosed) throw closedFault();
    if (this.#node !== undefined) return this.#node;
    this.#finding ??= this.#find().finally(() => {
      this.#finding = undefined;
    });
    return this.#finding;
  }

  /** Tells of a call that failed: the leader is sought anew when the fault is the node's. */
  failed(node: Node, fault: Fault): void {
    if (!isTransient(fault) || node !== this.#node) return;
    this.#node = undefined;
    this.#failed = node.endpoint;
    this.#hint = fault.leader;
    node.giveUp(fault);
  }

  /** Tells of a call that was not carried out in time: the others are asked whether they follow another node. */
  doubt(): void {
    void this.#suspect(true);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#watching);
    for (const question of this.#questions) question.cancel();
    this.#node?.giveUp(closedFault());
    this.#node = undefined;
  }

  async #find(): Promise<Node> {
    const endpoint = this.#takeHint() ?? (await this.#leader());
    if (this.#isClosed) throw closedFault();
    const node = new Node(this.#protocol, endpoint, this.#address, this.#credentials);
    this.#node = node;
    this.#watch();
    return node;
  }

  #takeHint(): Endpoint | undefined {
    const hint = this.#hint;
    this.#hint = undefined;
    return hint;
  }

  async #leader(): Promise<Endpoint> {
    const { hosts, discovers } = this.#address;
    const [only] = hosts;
    if (only !== undefined && !discovers && !sameEndpoint(only, this.#failed)) {
      this.#learnFrom(only);
      return only;
    }
    try {
      return await this.#ask(this.#failed);
    } catch (error) {
      // A single host is called even when it tells nothing of a cluster: its own answer says more than gossip's.
      this.#failed = undefined;
      if (only !== undefined && !discovers) return only;
      throw error;
    }
  }

  /** The leader by the first answer that names one; `failed` counts only when it names itself. */
  async #ask(failed: Endpoint | undefined): Promise<Endpoint> {
    const asked = new Map(
      [...this.#learnt.values(), ...this.#address.hosts].map((one) => [targetOf(one), one]),
    );
    const answers = [...asked.values()].map(async (endpoint) => {
      const members = await this.#gossip(endpoint);
      const leader = members.find(({ leads }) => leads);
      if (leader === undefined) throw new Fault('unavailable', `${targetOf(endpoint)} knows of no leader`);
      const named = members.length === 1 ? endpoint : leader; // a single node may know itself by another name
      if (sameEndpoint(named, failed) && !sameEndpoint(endpoint, failed))
        throw new Fault(
          'unavailable',
          `${targetOf(endpoint)} names only ${targetOf(named)}, which does not answer`,
        );
      return named;
    });
    try {
      return await Promise.any(answers);
    } catch (error) {
      const reasons =
        error instanceof AggregateError ? error.errors.map((reason) => String(reason.message)) : [];
      throw new Fault('unavailable', `no leader was found: ${reasons.join('; ')}`);
    }
  }

  #learnFrom(endpoint: Endpoint): void {
    this.#gossip(endpoint).catch(() => {}); // it is asked again when it matters
  }

  /** The living members of the cluster as one of them sees it. */
  #gossip(endpoint: Endpoint): Promise<readonly Member[]> {
    const { gossipGrpc, gossip, shared, grpc } = this.#protocol;
    const client = new gossipGrpc.GossipClient(targetOf(endpoint), this.#credentials, {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.service_config_disable_resolution': 1,
    });
    const deadline = Date.now() + this.#address.gossipTimeoutMs;
    return new Promise((resolve, reject) => {
      const call = client.read(new shared.Empty(), new grpc.Metadata(), { deadline }, (error, info) => {
        this.#questions.delete(call);
        client.close();
        if (error !== null) {
          reject(new Fault('unavailable', `${targetOf(endpoint)}: ${faultOf(error).message}`));
          return;
        }
        const { LEADER } = gossip.MemberInfo.VNodeState;
        const members = info.getMembersList().flatMap((member) => {
          const at = member.getHttpEndPoint();
          if (at === undefined) return [];
          const found = { host: at.getAddress(), port: at.getPort() };
          this.#learn(found);
          return member.getIsAlive() ? [{ ...found, leads: member.getState() === LEADER }] : [];
        });
        resolve(members);
      });
      this.#questions.add(call);
    });
  }

  #learn(endpoint: Endpoint): void {
    if (this.#learnt.size < LEARNT) this.#learnt.set(targetOf(endpoint), endpoint);
  }

  #watch(): void {
    this.#watching ??= setInterval(() => void this.#suspect(), WATCH_MS).unref();
  }

  /** Leaves a node that does not answer when the others follow another. */
  async #suspect(isDoubted = false): Promise<void> {
    const node = this.#node;
    if (node === undefined || node.calls === 0 || this.#isAsking) return;
    const now = performance.now();
    const isWaiting = isDoubted || node.waitedMs > SUSPECT_CALL_MS;
    const isSilent = now - node.heardAt > SUSPECT_SILENCE_MS;
    if (!isWaiting && !isSilent) return;
    if (now - this.#askedAt < (isWaiting ? ASK_AGAIN_MS : SUSPECT_SILENCE_MS)) return;
    this.#isAsking = true;
    this.#askedAt = now;
    try {
      const leader = await this.#ask(node.endpoint);
      if (sameEndpoint(leader, node.endpoint)) node.heardAt = performance.now();
      else if (this.#isKnownAs(node.endpoint))
        this.failed(node, new Fault('not-leader', `${targetOf(leader)} leads now`, { leader }));
    } catch {
      // Nobody knows better: the calls go on waiting.
    } finally {
      this.#isAsking = false;
    }
  }

  /** False while the node is known by another name than the cluster's own: it may be that leader itself. */
  #isKnownAs(endpoint: Endpoint): boolean {
    return this.#address.discovers || this.#learnt.has(targetOf(endpoint));
  }
}

function credentialsOf({ grpc }: Protocol, address: Address): ChannelCredentials {
  const { tls, authority, key, certificate, verifies } = address;
  if (!tls) return grpc.credentials.createInsecure();
  return grpc.credentials.createSsl(authority ?? null, key ?? null, certificate ?? null, {
    rejectUnauthorized: verifies,
  });
}
