/** SLUIDs are 13 characters of Crockford's base 32 behind an s (src/common/sluid.c). */
const SLUID = /^s[0-9A-Z]{13}$/;

/** Slurm's key of a run, such as `s685M87SK4CK00`; undefined for any other text. */
export const readSluid = (text: string | undefined): string | undefined =>
  text !== undefined && SLUID.test(text) ? text : undefined;

/**
 * The keys of a record: of a job that changed its size `original` is the one that the run began with, `sluid` that of the
 * record alone.
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
