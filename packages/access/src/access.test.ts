/** Facts of the stream `access`, and what they let somebody do. */
import { type LedgerFact, type Role, type Subject, subjectText, type Verb } from '@apledger/events';
import { describe, expect, it } from 'vitest';
import { approversFrom, fourEyesOf } from './four-eyes.ts';
import { allowedOf, bindingProblem, may, rolesOn, standingOf, whoCan } from './may.ts';
import { matchesHost } from './pattern.ts';
import { AccessState, foldAccess } from './state.ts';
import { parseSubject } from './subject.ts';

const IDP = 'https://idp.example';
const anna: Subject = { issuer: IDP, subject: 'anna' };
const bob: Subject = { issuer: IDP, subject: 'bob' };
const AT = '2026-11-17T09:14:00.000Z';
const LATER = '2026-11-17T10:14:00.000Z';

const bound = (subject: Subject, role: Role, hosts = '*', until: string | null = null): LedgerFact => ({
  type: 'RoleBound',
  data: { subject, role, hosts, until },
});
const unbound = (subject: Subject, role: Role, hosts = '*'): LedgerFact => ({
  type: 'RoleUnbound',
  data: { subject, role, hosts },
});

function folded(...facts: readonly LedgerFact[]): AccessState {
  const state = new AccessState();
  for (const fact of facts) foldAccess(state, { fact, by: undefined, occurredAt: AT });
  return state;
}

describe('a role', () => {
  const verbs: Readonly<Record<Role, readonly Verb[]>> = {
    viewer: ['read'],
    auditor: ['read', 'report'],
    operator: ['read', 'propose', 'command', 'simulate'],
    approver: ['read', 'approve'],
    agent: ['read', 'agent'],
    'access-admin': ['administer'],
    'break-glass': ['read'],
  };
  const all: readonly Verb[] = [
    'read',
    'report',
    'propose',
    'approve',
    'command',
    'simulate',
    'agent',
    'administer',
  ];

  it.each(Object.entries(verbs))('%s allows %s and nothing else', (role, allowed) => {
    const state = folded(bound(anna, role as Role, 'prod7'));
    expect(all.filter((verb) => may(state, anna, verb, 'prod7', AT))).toEqual(allowed);
    expect(all.filter((verb) => may(state, anna, verb, 'prod8', AT))).toEqual([]);
    expect(all.filter((verb) => may(state, bob, verb, 'prod7', AT))).toEqual([]);
  });

  it('counts on the ledger as a whole only where it is bound to every host', () => {
    expect(may(folded(bound(anna, 'auditor', '*')), anna, 'report', null, AT)).toBe(true);
    expect(may(folded(bound(anna, 'auditor', 'prod*')), anna, 'report', null, AT)).toBe(false);
    expect(may(folded(bound(anna, 'access-admin')), anna, 'administer', null, AT)).toBe(true);
  });

  it('ends when it is taken away, and at its time', () => {
    const state = folded(bound(anna, 'operator'), bound(bob, 'operator', '*', LATER));
    expect(may(state, bob, 'command', 'prod7', AT)).toBe(true);
    expect(may(state, bob, 'command', 'prod7', LATER)).toBe(false);
    expect(may(folded(bound(anna, 'operator'), unbound(anna, 'operator')), anna, 'command', 'x', AT)).toBe(
      false,
    );
    expect(
      may(folded(bound(anna, 'operator'), unbound(anna, 'operator', 'x')), anna, 'command', 'x', AT),
    ).toBe(true);
  });

  it('is of a subject of one issuer: the same name elsewhere, or spelled otherwise, is somebody else', () => {
    const state = folded(bound(anna, 'operator'));
    for (const other of [
      { issuer: `${IDP}/`, subject: 'anna' },
      { issuer: 'apledger', subject: 'anna' },
      { issuer: IDP, subject: 'Anna' },
      { issuer: IDP, subject: 'anna ' },
      { issuer: IDP, subject: 'a\u0301nna' },
    ])
      expect(may(state, other, 'command', 'prod7', AT)).toBe(false);
  });
});

describe('nobody bypasses', () => {
  it('who administers access commands nothing, whatever else he is bound to', () => {
    const state = folded(bound(anna, 'operator'), bound(anna, 'approver'), bound(anna, 'access-admin'));
    for (const verb of ['command', 'propose', 'approve', 'simulate', 'agent'] as const)
      expect(may(state, anna, verb, 'prod7', AT)).toBe(false);
    expect(may(state, anna, 'read', 'prod7', AT)).toBe(true);
  });

  it('an auditor writes nothing, and a first binder is an access-admin', () => {
    const state = folded(bound(anna, 'operator'), bound(anna, 'auditor', 'prod7'));
    expect(may(state, anna, 'command', 'test1', AT)).toBe(false);
    const configured = folded(
      { type: 'AccessConfigured', data: { hash: '0'.repeat(64), issuers: [IDP], binders: [bob], rules: [] } },
      bound(bob, 'operator'),
    );
    expect(may(configured, bob, 'administer', null, AT)).toBe(true);
    expect(may(configured, bob, 'command', 'prod7', AT)).toBe(false);
  });

  it('such bindings are refused before they are made', () => {
    const state = folded(bound(anna, 'operator'), bound(bob, 'auditor'));
    const problem = (subject: Subject, role: Role, hosts = '*') =>
      bindingProblem(state, { subject, role, hosts, until: null }, AT);
    expect(problem(anna, 'access-admin')).toMatch(/access-admin and operator are kept apart/);
    expect(problem(anna, 'auditor')).toMatch(/auditor and operator/);
    expect(problem(bob, 'break-glass')).toMatch(/auditor and break-glass/);
    expect(problem(anna, 'approver')).toBeUndefined();
    expect(problem(bob, 'viewer')).toBeUndefined();
    expect(problem(anna, 'agent', 'prod*')).toMatch(/one host/);
    expect(problem({ issuer: IDP, subject: 'carl' }, 'access-admin', 'prod*')).toMatch(/all hosts/);
  });
});

describe('break glass', () => {
  const opened = (hosts: string): LedgerFact => ({
    type: 'BreakGlassOpened',
    data: { glass: 'aaaaaaaa', subject: anna, hosts, reason: 'the bank is down', until: LATER },
  });
  const reviewed: LedgerFact = {
    type: 'BreakGlassReviewed',
    data: { glass: 'aaaaaaaa', finding: 'all well' },
  };

  it('lets act alone for a while, where the role was bound before, until it is reviewed', () => {
    const state = folded(bound(anna, 'break-glass', 'prod*'), opened('prod7'));
    expect(may(state, anna, 'command', 'prod7', AT)).toBe(true);
    expect(may(state, anna, 'command', 'prod8', AT)).toBe(false);
    expect(may(state, anna, 'command', 'prod7', LATER)).toBe(false);
    expect(may(state, anna, 'approve', 'prod7', AT)).toBe(false);
    expect(may(folded(opened('prod7')), anna, 'command', 'prod7', AT)).toBe(false);
    expect(
      may(folded(bound(anna, 'break-glass'), opened('prod7'), reviewed), anna, 'command', 'prod7', AT),
    ).toBe(false);
    expect(allowedOf(state, anna, AT).get('command')).toEqual(['prod7']);
  });
});

describe('who can', () => {
  it('names everybody, by which role, as of a moment', () => {
    const state = folded(
      bound(anna, 'operator', 'prod*'),
      bound(bob, 'operator', 'test*'),
      bound(bob, 'approver', 'prod7', LATER),
    );
    expect(whoCan(state, 'command', 'prod7', AT)).toEqual([anna]);
    expect(whoCan(state, 'approve', 'prod7', AT)).toEqual([bob]);
    expect(whoCan(state, 'approve', 'prod7', LATER)).toEqual([]);
    expect(rolesOn(state, bob, 'prod7', AT)).toEqual(['approver']);
  });
});

describe('a pattern', () => {
  it.each([
    ['prod7', 'prod7', true],
    ['prod7', 'prod77', false],
    ['prod*', 'prod', true],
    ['prod*', 'test-prod', false],
    ['*', 'x', true],
    ['p?od7', 'prod7', true],
    ['p?od7', 'pod7', false],
    ['*7*', 'a7b', true],
    ['a*b*c', 'axxbyyc', true],
    ['a*b*c', 'axxbyy', false],
    ['!prod7', 'test1', false],
    ['{a,b}', 'a', false],
    ['PROD7', 'prod7', false],
    ['prod7/..', 'prod7', false],
    ['', 'x', false],
  ])('%s and %s: %s', (pattern, host, isMatch) => {
    expect(matchesHost(pattern, host)).toBe(isMatch);
  });

  it('takes no longer for many stars', () => {
    expect(matchesHost(`${'*a'.repeat(31)}b`, 'a'.repeat(63))).toBe(false);
  });
});

describe('rules of four eyes', () => {
  it('are taken by the strictest that names the host', () => {
    const rules = [
      { hosts: 'prod*', fourEyes: 'grants' as const, approversFrom: IDP },
      { hosts: '*', fourEyes: 'none' as const },
      { hosts: 'prod7', fourEyes: 'all' as const },
    ];
    expect(['test1', 'prod1', 'prod7'].map((host) => fourEyesOf(rules, host))).toEqual([
      'none',
      'grants',
      'all',
    ]);
    expect(approversFrom(rules, 'prod1')).toEqual([IDP]);
    expect(fourEyesOf([], 'prod1')).toBe('none');
  });
});

describe('a credential', () => {
  it('is valid until its end, or until it is revoked', () => {
    const data = { token: 'aaaaaaaa', hash: '0'.repeat(64), subject: bob, hosts: 'prod*', until: LATER };
    const state = folded({ type: 'TokenIssued', data });
    const token = state.proofs.get('0'.repeat(64));
    if (token === undefined) throw new Error('no token');
    expect(standingOf(token, AT)).toBe('valid');
    expect(standingOf(token, LATER)).toBe('expired');
    foldAccess(state, {
      fact: { type: 'TokenRevoked', data: { token: 'aaaaaaaa' } },
      by: anna,
      occurredAt: AT,
    });
    expect(standingOf(token, AT)).toBe('revoked');
  });
});

describe('a subject as text', () => {
  it('is read as it is written', () => {
    for (const subject of [anna, { issuer: 'x509', subject: 'urn:agent#1' }])
      expect(parseSubject(subjectText(subject))).toEqual(subject);
    expect(parseSubject('anna', IDP)).toEqual(anna);
    expect(parseSubject('anna')).toBeUndefined();
    expect(parseSubject('#anna')).toBeUndefined();
    expect(parseSubject(`${IDP}#`)).toBeUndefined();
  });
});
