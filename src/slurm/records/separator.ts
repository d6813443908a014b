/**
 * What parts the columns of one call of squeue or sacct. Job names are any text, line breaks and control characters
 * included, so no fixed separator is safe: with one that he knows, a user could write whole records of other people's jobs
 * into the name of his own. Each call takes a new mark, which nobody can guess. It is of letters between bars because
 * squeue reads digits, dots, colons and commas in this place as something else.
 */
export function createMark(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `|${String.fromCharCode(...Array.from(bytes, (byte) => 97 + (byte % 26)))}|`;
}
