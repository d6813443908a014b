/** Values of Slurm's 32-bit fields that mean "not set" and "no limit" (slurm/slurm.h). */
const NO_VAL = 0xfffffffe;
const INFINITE = 0xffffffff;

interface Wrapped {
  readonly set?: unknown;
  readonly infinite?: unknown;
  readonly number?: unknown;
}

/**
 * Reads a non-negative integer in any form that Slurm writes: a JSON number, digits, or (in its JSON since
 * 23.02) `{"set":true,"infinite":false,"number":4}`. Undefined when it is not set or has no limit.
 */
export function readCount(value: unknown): number | undefined {
  if (typeof value === 'object' && value !== null) {
    const { set, infinite, number } = value as Wrapped;
    return set === false || infinite === true || typeof number !== 'number' ? undefined : readCount(number);
  }
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (!Number.isSafeInteger(number)) return undefined;
  const count = number as number;
  return count < 0 || count === NO_VAL || count === INFINITE ? undefined : count;
}
