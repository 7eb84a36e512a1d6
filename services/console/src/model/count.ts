/** A number for people: `20,575`. */
export const formatCount = (number: number): string => number.toLocaleString('en-GB');
