/**
 * Creates the column separator of one call of squeue or sacct. Job names may contain any text, line breaks
 * and control characters included: with a separator that a user could guess, the name of one job could forge
 * records of others. It is eight random letters between bars, because squeue gives digits, dots, colons and
 * commas a meaning here.
 */
export function createSeparator(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `|${String.fromCharCode(...Array.from(bytes, (byte) => 97 + (byte % 26)))}|`;
}
