/**
 * Words that Slurm's commands and plugins print for an
 * empty value; they vary with the column and the version.
 */
const BLANKS: ReadonlySet<string> = new Set([
  '(null)',
  'N/A',
  'NONE',
  'None',
  'Unknown',
  'UNKNOWN',
  'Unassigned',
  'None assigned',
]);

/**
 * First letters of BLANKS. `n/a` is checked by itself, because
 * many texts begin with an n, such as the QOS `normal`.
 */
const INITIALS: readonly number[] = Array.from('(NU', (letter) => letter.charCodeAt(0));

/** Returns the text of a column, or undefined for one of the words that mean an empty value. */
export function readText(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  // The first letter rules most texts out, much faster than hashing them.
  if (!INITIALS.includes(text.charCodeAt(0))) return text === 'n/a' ? undefined : text;
  return BLANKS.has(text) ? undefined : text;
}

/** Returns a text that the user chose: only `(null)` is empty, because a job may really be called `None`. */
export function readChosen(text: string | undefined): string | undefined {
  return text === undefined || text === '' || text === '(null)' ? undefined : text;
}
