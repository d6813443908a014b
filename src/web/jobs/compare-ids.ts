// The jobs that are compared, as the address has them: ids with their commas percent-encoded. Pure.

/** As many as there are colours of lines. */
export const MAX_COMPARED = 8;

/** Reads `a,b,c`, without duplicates. */
export function readCompared(text: string | null): string[] {
  const ids = (text ?? '').split(',').filter((part) => part !== '');
  return [...new Set(ids.map(decode))].slice(0, MAX_COMPARED);
}

export const writeCompared = (ids: readonly string[]): string => ids.map(encodeURIComponent).join(',');

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Adds an id, or takes it away; one too many is not added. */
export function toggleId(ids: readonly string[], id: string): readonly string[] {
  if (ids.includes(id)) return ids.filter((one) => one !== id);
  return ids.length < MAX_COMPARED ? [...ids, id] : ids;
}
