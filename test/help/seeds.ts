/**
 * Whether random tests try all they can: with THOROUGH=1, as test/run.ts starts them beside the integration
 * tests. The fast tests try a part of it.
 */
export const isThorough = process.env.THOROUGH === '1';

/** The seeds of a random test: `count` of them in a thorough run, else the first. */
export const seeds = (count: number): number[] =>
  Array.from({ length: isThorough ? count : 1 }, (_, index) => index + 1);
