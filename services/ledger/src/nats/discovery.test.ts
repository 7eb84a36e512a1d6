/** The metadata of all endpoints has to fit into one message of the broker, however little that holds. */
import { describe, expect, it } from 'vitest';
import { metadataWithin } from './discovery.ts';
import { endpoints } from './endpoints.ts';

const within = (bytes: number) => metadataWithin(endpoints, bytes, 'nats://broker:4222');
const sizeOf = (bytes: number): number => JSON.stringify(within(bytes)).length;
const schemas = (bytes: number): number =>
  within(bytes).flatMap((each) => Object.values(each).filter((text) => text.includes('"type"'))).length;

describe('metadata for discovery', () => {
  it('is whole where it fits', () => {
    expect(within(1024 * 1024)).toEqual(endpoints.map(({ metadata }) => metadata));
  });

  it('is without the longest schemas where it does not, and describes every endpoint all the same', () => {
    let fewer = schemas(1024 * 1024);
    for (const bytes of [512, 256, 64].map((kilo) => kilo * 1024)) {
      expect(sizeOf(bytes)).toBeLessThan(bytes);
      expect(schemas(bytes)).toBeLessThan(fewer);
      fewer = schemas(bytes);
      expect(fewer).toBeGreaterThan(20);
      for (const { description, request_schema, reply_schema } of within(bytes)) {
        expect(description).toMatch(/\w/);
        for (const text of [request_schema, reply_schema])
          expect(JSON.parse(text ?? '')).toBeTypeOf('object');
      }
    }
    expect(within(16 * 1024).every((each) => Object.keys(each).join() === 'description')).toBe(true);
  });

  it('does not fit into 8 KiB', () => {
    expect(() => within(8192)).toThrow(
      /broker:4222: a message .* 8192 bytes \(max_payload\).*raise max_payload/,
    );
  });
});
