const MEMORY = /^(\d{1,15}(?:\.\d+)?)([KMGTPE]?)([cn]?)$/;
/** Slurm's units are powers of 1024, and a number without one is in megabytes. */
const MB: Readonly<Record<string, number>> = {
  K: 1 / 1024,
  '': 1,
  M: 1,
  G: 1024,
  T: 1024 ** 2,
  P: 1024 ** 3,
  E: 1024 ** 4,
};

/**
 * Memory of a whole job in megabytes, rounded up: `118G`, `1.50T`, and with the suffixes that sacct wrote before 22.05
 * `4000Mc` (for each of the job's CPUs) and `16Gn` (for each of its nodes). Undefined for 0, which asks for all that
 * a node has, for a suffix whose count is not known, and for what is no such text.
 */
export function readMemoryMb(
  text: string | undefined,
  of: { readonly cpus?: number | undefined; readonly nodes?: number | undefined } = {},
): number | undefined {
  const match = text === undefined ? null : MEMORY.exec(text);
  if (!match) return undefined;
  const [, amount, unit, per] = match;
  const times = per === 'c' ? of.cpus : per === 'n' ? of.nodes : 1;
  const memoryMb = Math.ceil(Number(amount) * MB[unit!]! * (times ?? 0));
  return memoryMb > 0 && Number.isSafeInteger(memoryMb) ? memoryMb : undefined;
}
