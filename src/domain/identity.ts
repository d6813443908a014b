const MAX_LENGTH = 256;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Returns whether a text can be a job id, a user or a node name: 1 to 256 code points, no control characters,
 * and well-formed Unicode, because SQLite would return a lone surrogate as another character.
 */
export function isIdentity(text: string): boolean {
  if (text.length === 0 || text.length > 2 * MAX_LENGTH) return false;
  if (text.length > MAX_LENGTH && [...text].length > MAX_LENGTH) return false;
  return !CONTROL.test(text) && text.isWellFormed();
}
