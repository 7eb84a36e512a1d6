import Type, { type TObject, type TProperties } from 'typebox';

/** The schema of an object with these properties and no others: what nobody would read is refused. */
export const closedObject = <P extends TProperties>(properties: P, description?: string): TObject<P> =>
  Type.Object(properties, {
    additionalProperties: false,
    ...(description === undefined ? {} : { description }),
  });
