import { JsonScanner } from '../request/json-scan.ts';

/** Characters that are scanned in one go. */
const PIECE_LENGTH = 32 * 1024;

const MAX_STRING = 64 * 1024;

/**
 * Puts the pieces of a JSON document together and shortens its very long strings, such as the script of a job, to some
 * 64,000 characters: what is not read need not be parsed or kept. Bounds levels, keys and values (`invalid_request`).
 */
export class ShortenedDocument {
  readonly #scanner = new JsonScanner();
  #text = '';
  /** The string at hand is long enough: the rest of it is left out. */
  #isShortened = false;
  /** Characters of the pieces that the string at hand has filled. */
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
    if (this.#filled < MAX_STRING) return;
    this.#text = withoutEscape(this.#text);
    this.#isShortened = true;
    this.#filled = 0;
  }
}

/** The text without an escape at its end, which may be half of one (`\u00`, or one backslash of two). */
function withoutEscape(text: string): string {
  const last = text.lastIndexOf('\\');
  return last < text.length - 6 ? text : text.slice(0, last).replace(/\\+$/, '');
}
