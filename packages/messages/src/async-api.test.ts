/** The AsyncAPI document is one by the public parser, and its addresses are where facts are really published. */
import { readFileSync } from 'node:fs';
import { factSchemas } from '@apledger/events';
import { Parser } from '@asyncapi/parser';
import { describe, expect, it } from 'vitest';
import { asyncApiDocument } from './async-api.ts';
import { entityOf, subjectOf } from './subjects.ts';

const MDEV = '11111111-1111-4111-8111-111111111111';
/** One of each, for the fields that decide what a fact is about. */
const samples = { mdev: MDEV, adapter: 5, queue: '05.0047', queues: ['05.0047'], device: 'card05' };

const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApiDocument()));

describe('the AsyncAPI document', () => {
  it('is one without an error or a warning', () => {
    const found = diagnostics
      .filter(({ severity }) => severity <= 1)
      .map(({ message, path }) => [message, path]);
    expect(found).toEqual([]);
    expect(document?.version()).toBe('3.0.0');
  });

  it('is what docs/schemas/asyncapi.json says (npm run docs writes it)', () => {
    const file = new URL('../../../docs/schemas/asyncapi.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(asyncApiDocument())));
  });

  it('has a channel, a message and an operation for every fact', () => {
    for (const type of Object.keys(factSchemas)) {
      expect(document?.channels().get(type)?.messages().get(type)?.payload()).toBeDefined();
      expect(document?.operations().get(`publish${type}`)?.isSend()).toBe(true);
    }
  });

  it.each(Object.entries(factSchemas))('tells where %s is published', (type, { properties }) => {
    const data = Object.fromEntries(Object.entries(samples).filter(([field]) => field in properties));
    const subject = subjectOf({ host: 'zlp1', ...entityOf(type, data), guest: undefined, type });
    const address = document?.channels().get(type)?.address() ?? '';
    const pattern = address.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^.]+');
    expect(subject).toMatch(new RegExp(`^${pattern}$`));
  });
});
