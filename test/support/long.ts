/** Sizes of loops: `npm test` takes the normal one, `npm run test:long` the long one. */
export const sized = (normal: number, long: number): number =>
  process.env.APLEDGER_LONG === '1' ? long : normal;
