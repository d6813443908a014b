/** What Slurm's 32-bit fields hold for "not set" and "no limit" (slurm/slurm.h). */
const NO_VAL = 0xfffffffe;
const INFINITE = 0xffffffff;

interface Wrapped {
  readonly set?: unknown;
  readonly infinite?: unknown;
  readonly number?: unknown;
}

/**
 * A whole number from 0, in any of the ways in which Slurm writes one: a JSON number, digits, or the
 * `{"set":true,"infinite":false,"number":4}` of its JSON since 23.02. Undefined when it is not set or has no limit.
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
