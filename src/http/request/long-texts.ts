import { JsonScanner } from './json-scan.ts';
import { MAX_STRING_LENGTH, PIECE_LENGTH } from './limits.ts';

/**
 * Joins the pieces of a JSON document and shortens its very long strings, such as the script of a job, to
 * about 64 * 1024 characters, because they are not read. Throws `invalid_request` for too many levels, keys
 * or values.
 */
export class ShortenedDocument {
  readonly #scanner = new JsonScanner();
  #text = '';
  /** The rest of the current string is left out. */
  #isShortened = false;
  /** Length of the pieces that consist only of the current string. */
  #filled = 0;

  get text(): string {
    return this.#text;
  }

  add(text: string): void {
    for (let at = 0; at < text.length; at += PIECE_LENGTH) this.#addPiece(text.slice(at, at + PIECE_LENGTH));
  }

  #addPiece(piece: string): void {
    let rest = piece;
    if (this.#isShortened) {
      const end = this.#scanner.endString(piece, 0);
      if (this.#scanner.isInString) return;
      this.#text += '"';
      this.#isShortened = false;
      rest = piece.slice(end);
    }
    const end = this.#scanner.isInString ? this.#scanner.endString(rest, 0) : 0;
    const isFilled = this.#scanner.isInString && end === rest.length;
    if (!isFilled) this.#scanner.scan(rest.slice(end));
    this.#text += rest;
    this.#filled = isFilled ? this.#filled + rest.length : 0;
    if (this.#filled < MAX_STRING_LENGTH) return;
    this.#text = withoutEscape(this.#text);
    this.#isShortened = true;
    this.#filled = 0;
  }
}

/**
 * Returns the text without an escape at its end, which may be incomplete (`\u00`, or one backslash of two).
 */
function withoutEscape(text: string): string {
  const last = text.lastIndexOf('\\');
  return last < text.length - 6 ? text : text.slice(0, last).replace(/\\+$/, '');
}
