/** An s and 13 characters of Crockford's base 32 (src/common/sluid.c). */
const SLUID = /^s[0-9A-Z]{13}$/;

/** Returns Slurm's unique id of a run, such as `s685M87SK4CK00`; undefined for any other text. */
export const readSluid = (text: string | undefined): string | undefined =>
  text !== undefined && SLUID.test(text) ? text : undefined;

/**
 * Reads the SLUIDs of one record. After a change of size, a record has a SLUID of its own, and `original` is
 * the one that the run began with: the key of the run.
 */
export function readSluids(
  sluid: string | undefined,
  original: string | undefined,
): { readonly sluid?: string; readonly otherSluids?: readonly string[] } {
  const [own, first] = [readSluid(sluid), readSluid(original)];
  const key = first ?? own;
  if (key === undefined) return {};
  return { sluid: key, ...(own !== undefined && own !== key && { otherSluids: [own] }) };
}
