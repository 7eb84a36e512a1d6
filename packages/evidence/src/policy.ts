/** Whom to trust (c2sp.org/tlog-policy): logs by their keys, witnesses, and how many of these are enough. */
import { hexOf, shortened } from './bytes.ts';
import type { Checkpoint } from './checkpoint.ts';
import { EvidenceError } from './error.ts';
import { parseVerifier, signedBy, type Verifier } from './note.ts';

export interface PolicyWitness {
  /** As the policy calls it. */
  readonly name: string;
  readonly verifier: Verifier;
  /** Where it takes checkpoints, if the policy says so. */
  readonly url?: string;
}

interface Group {
  readonly least: number;
  readonly members: readonly string[];
}

export interface Policy {
  readonly logs: readonly Verifier[];
  readonly witnesses: readonly PolicyWitness[];
  readonly groups: ReadonlyMap<string, Group>;
  /** Name of a witness or group, or `none`. */
  readonly quorum: string;
}

/** The policy that trusts these logs, without witnesses. */
export const policyOf = (logs: readonly Verifier[]): Policy => ({
  logs,
  witnesses: [],
  groups: new Map(),
  quorum: 'none',
});

/** Reads a policy. Throws EvidenceError that names the line. */
export async function parsePolicy(text: string): Promise<Policy> {
  const reader = new Reader();
  for (const [i, line] of text.split('\n').entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== '');
    if (words.length === 0 || words[0]?.startsWith('#')) continue;
    try {
      await reader.take(words);
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error;
      throw new EvidenceError(`line ${i + 1} of the policy: ${error.message}`);
    }
  }
  return reader.policy();
}

class Reader {
  readonly #logs: Verifier[] = [];
  readonly #witnesses: PolicyWitness[] = [];
  readonly #groups = new Map<string, Group>();
  readonly #names = new Set(['none']);
  readonly #members = new Set<string>();
  readonly #keys = new Set<string>();
  #quorum: string | undefined;

  async take([word = '', ...rest]: readonly string[]): Promise<void> {
    switch (word) {
      case 'log':
        if (rest.length !== 1 && rest.length !== 2) throw new EvidenceError('write: log VKEY [URL]');
        this.#logs.push(await this.#key(rest[0] ?? '', 'log'));
        return;
      case 'witness':
        return this.#witness(rest);
      case 'group':
        return this.#group(rest);
      case 'quorum':
        return this.#setQuorum(rest);
      default:
        throw new EvidenceError(`${shortened(word)} is not log, witness, group or quorum`);
    }
  }

  policy(): Policy {
    if (this.#quorum === undefined)
      throw new EvidenceError('the policy has no quorum; write "quorum none" where no witness is needed');
    return { logs: this.#logs, witnesses: this.#witnesses, groups: this.#groups, quorum: this.#quorum };
  }

  async #witness([name, key, url, ...more]: readonly string[]): Promise<void> {
    if (name === undefined || key === undefined || more.length > 0)
      throw new EvidenceError('write: witness NAME VKEY [URL]');
    this.#define(name);
    const verifier = await this.#key(key, 'witness');
    this.#witnesses.push({ name, verifier, ...(url === undefined ? {} : { url }) });
  }

  #group([name, least, ...members]: readonly string[]): void {
    if (name === undefined || least === undefined || members.length === 0)
      throw new EvidenceError('write: group NAME all|any|K MEMBER...');
    const count =
      least === 'all' ? members.length : least === 'any' ? 1 : /^[1-9]\d*$/.test(least) ? Number(least) : 0;
    if (count < 1 || count > members.length)
      throw new EvidenceError(`${shortened(least)} of ${members.length} members cannot be`);
    for (const member of members) {
      if (member === 'none' || !this.#names.has(member))
        throw new EvidenceError(`${shortened(member)} is not defined above`);
      if (this.#members.has(member)) throw new EvidenceError(`${shortened(member)} is a member already`);
      this.#members.add(member);
    }
    this.#define(name);
    this.#groups.set(name, { least: count, members });
  }

  #setQuorum([name, ...more]: readonly string[]): void {
    if (name === undefined || more.length > 0) throw new EvidenceError('write: quorum NAME');
    if (this.#quorum !== undefined) throw new EvidenceError('there is a quorum already');
    if (!this.#names.has(name)) throw new EvidenceError(`${shortened(name)} is not defined above`);
    this.#quorum = name;
  }

  #define(name: string): void {
    if (this.#names.has(name)) throw new EvidenceError(`${shortened(name)} is defined already`);
    this.#names.add(name);
  }

  async #key(text: string, kind: Verifier['kind']): Promise<Verifier> {
    const verifier = await parseVerifier(text);
    if (verifier.kind !== kind)
      throw new EvidenceError(`that is the key of a ${verifier.kind}, not of a ${kind}`);
    const key = `${kind} ${hexOf(verifier.key)}`;
    if (this.#keys.has(key)) throw new EvidenceError('that key stands in the policy already');
    this.#keys.add(key);
    return verifier;
  }
}

/** Who stands for a checkpoint. */
export interface Endorsement {
  /** The log's keys that signed, of those that the policy names. */
  readonly logs: readonly Verifier[];
  /** Names of the policy's witnesses that cosigned, and when, in seconds since 1970. */
  readonly witnesses: readonly { readonly name: string; readonly time: number }[];
}

/**
 * Checks a checkpoint against a policy. Throws EvidenceError when no log of the policy signed it, when a signature by a
 * key of the policy is false, or when too few witnesses cosigned it.
 */
export async function checkEndorsement(checkpoint: Checkpoint, policy: Policy): Promise<Endorsement> {
  const logs: Verifier[] = [];
  for (const log of policy.logs)
    if (log.name === checkpoint.origin && (await signedBy(checkpoint.note, log)) !== undefined)
      logs.push(log);
  if (logs.length === 0)
    throw new EvidenceError(`no key that is trusted has signed the checkpoint of ${checkpoint.origin}`);
  const witnesses: { name: string; time: number }[] = [];
  for (const { name, verifier } of policy.witnesses) {
    const time = await signedBy(checkpoint.note, verifier);
    if (time !== undefined) witnesses.push({ name, time });
  }
  if (!isEnough(policy, new Set(witnesses.map(({ name }) => name))))
    throw new EvidenceError(
      `${witnesses.length} of ${policy.witnesses.length} witnesses have cosigned the checkpoint of size ${checkpoint.size}; the policy asks for ${policy.quorum}`,
    );
  return { logs, witnesses };
}

/** Whether these witnesses are as many as the policy asks for. */
export function isEnough({ groups, quorum }: Policy, cosigned: ReadonlySet<string>): boolean {
  const holds = (name: string): boolean => {
    const group = groups.get(name);
    if (group === undefined) return cosigned.has(name);
    return group.members.filter(holds).length >= group.least;
  };
  return quorum === 'none' || holds(quorum);
}
