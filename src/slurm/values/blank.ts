/** What Slurm's commands and plugins print where they have nothing to say; which of them depends on column and version. */
const NOTHING: ReadonlySet<string> = new Set([
  '(null)',
  'N/A',
  'NONE',
  'None',
  'Unknown',
  'UNKNOWN',
  'Unassigned',
  'None assigned',
]);

/** How the words above begin, but for `n/a`: many texts begin with an n, such as the QOS `normal`. */
const INITIALS: readonly number[] = Array.from('(NU', (letter) => letter.charCodeAt(0));

/** The text of a column; undefined for a word that stands for nothing. */
export function readText(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  // Most texts are told by their first letter, much faster.
  if (!INITIALS.includes(text.charCodeAt(0))) return text === 'n/a' ? undefined : text;
  return NOTHING.has(text) ? undefined : text;
}

/** As `readText`, for what a user has chosen: a job may well be called `None`. */
export function readChosen(text: string | undefined): string | undefined {
  return text === undefined || text === '' || text === '(null)' ? undefined : text;
}
