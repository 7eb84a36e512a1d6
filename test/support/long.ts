export const sized = (normal: number, long: number): number =>
  process.env.APLEDGER_LONG === '1' ? long : normal;
