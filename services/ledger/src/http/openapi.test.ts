/** The document is one, and is current. */
import { readFileSync } from 'node:fs';
import { A, create, register } from '@apledger/command-handler/testing';
import { Validator } from '@seriousme/openapi-schema-validator';
import Value from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { commands } from './commands.ts';
import { documentText, documentUrl } from './document.ts';
import { PROBLEM_JSON } from './problem.ts';
import { scene } from './test-support.ts';

describe('the OpenAPI document', () => {
  it('is valid by the public schema of OpenAPI 3.1', async () => {
    const validator = new Validator();
    expect(await validator.validate(JSON.parse(documentText()))).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('lies in docs/schemas as it is served (npm run docs writes it)', () => {
    expect(readFileSync(documentUrl, 'utf8')).toBe(documentText());
  });

  it('describes each kind of 422: what the driver refused, and what could not be taken', async () => {
    const { post } = await scene();
    const give = (command: object, id: string = crypto.randomUUID()) =>
      post('/hosts/lpar1/commands', command, { 'idempotency-key': id });
    const id = crypto.randomUUID();
    await give(register('lpar1'), id);
    await give(create(A));
    const answers = [await give(create(A)), await give(create(A), id)];
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
      [422, 'refused'],
      [422, 'command-id-used'],
    ]);
    const schema = commands.description.responses[422]?.content?.[PROBLEM_JSON]?.schema ?? expect.fail();
    for (const { body } of answers) expect(Value.Check(schema, body)).toBe(true);
  });
});
