/** The document is one, and is current. */
import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { documentText, documentUrl } from './document.ts';

describe('the OpenAPI document', () => {
  it('is valid by the public schema of OpenAPI 3.1', async () => {
    const validator = new Validator();
    expect(await validator.validate(JSON.parse(documentText()))).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('lies in docs/schemas as it is served (npm run docs writes it)', () => {
    expect(readFileSync(documentUrl, 'utf8')).toBe(documentText());
  });
});
