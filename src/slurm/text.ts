/** What Slurm's commands and plugins print where they have nothing to say; which of them depends on column and version. */
const NOTHING: ReadonlySet<string> = new Set([
  '(null)',
  'N/A',
  'n/a',
  'NONE',
  'None',
  'Unknown',
  'UNKNOWN',
  'Unassigned',
  'None assigned',
]);

const INITIALS = '(NnU';

/** The text of a column; undefined for a word that stands for nothing. */
export function readText(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  // Most texts are told by their first letter, ten times as fast.
  return INITIALS.includes(text[0]!) && NOTHING.has(text) ? undefined : text;
}

/** As `readText`, for what a user has chosen: a job may well be called `None`. */
export function readChosen(text: string | undefined): string | undefined {
  return text === undefined || text === '' || text === '(null)' ? undefined : text;
}
