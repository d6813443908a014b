const MEMORY = /^(\d{1,15}(?:\.\d+)?)([KMGTPE]?)([cn]?)$/;
/**
 * Slurm's units in MB (2^20 bytes); each is 1024 times the one before, and a number without a unit is in MB.
 */
const UNIT_MB: Readonly<Record<string, number>> = {
  K: 1 / 1024,
  '': 1,
  M: 1,
  G: 1024,
  T: 1024 ** 2,
  P: 1024 ** 3,
  E: 1024 ** 4,
};

/**
 * Reads the memory of a whole job in MB (2^20 bytes), rounded up: `118G`, `1.50T`, and as sacct wrote it
 * before 22.05 `4000Mc` (for each CPU) and `16Gn` (for each node). Undefined for 0, which requests all memory
 * of a node, for a suffix whose count is not given, and for text in any other format.
 */
export function readMemoryMb(
  text: string | undefined,
  counts: { readonly cpus?: number | undefined; readonly nodes?: number | undefined } = {},
): number | undefined {
  const match = text === undefined ? null : MEMORY.exec(text);
  if (!match) return undefined;
  const [, amount, unit, per] = match;
  const factor = per === 'c' ? counts.cpus : per === 'n' ? counts.nodes : 1;
  const memoryMb = Math.ceil(Number(amount) * UNIT_MB[unit!]! * (factor ?? 0));
  return memoryMb > 0 && Number.isSafeInteger(memoryMb) ? memoryMb : undefined;
}
