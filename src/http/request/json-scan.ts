import { AppError } from '../../domain/errors.ts';
import { MAX_DEPTH, MAX_KEYS, MAX_VALUES } from './limits.ts';

/** The role of each character outside strings; 0 if it is not counted. */
const [QUOTE, OPEN, CLOSE, COMMA, COLON] = [1, 2, 3, 4, 5];
const KINDS = new Uint8Array(128);
for (const [characters, kind] of [
  ['"', QUOTE],
  ['[{', OPEN],
  [']}', CLOSE],
  [',', COMMA],
  [':', COLON],
] as const) {
  for (const character of characters) KINDS[character.charCodeAt(0)] = kind;
}
const QUOTE_CODE = 34;
const BACKSLASH_CODE = 92;

/** Receives the structure from the second level to `deepest`, where the rows or columns of a batch are. */
interface Structure {
  /** 2 or 3. */
  readonly deepest: number;
  /** An array or object of this level starts at `at`. */
  opened(at: number, level: number): void;
  /** It ends at `at`. */
  closed(at: number, level: number): void;
  /** A comma between two of its values. */
  separated(at: number, level: number): void;
}

/**
 * Counts the levels, keys and values of JSON text in pieces, without parsing
 * it. Throws `invalid_request` as soon as one of them exceeds its limit. It
 * does not find out whether the text is valid JSON; the parser does.
 */
export class JsonScanner {
  #depth = 0;
  #values = 0;
  #isInString = false;
  /** The last piece ended between a backslash and the character after it. */
  #isEscaped = false;
  readonly #keys = new Uint32Array(MAX_DEPTH + 1);

  constructor(private readonly structure?: Structure) {}

  /** Whether the text so far ends within a string. */
  get isInString(): boolean {
    return this.#isInString;
  }

  /** Restarts the count of values, at the start of a row. */
  startRow(): void {
    this.#values = 0;
  }

  scan(piece: string): void {
    const { length } = piece;
    let at = this.#isInString ? this.endString(piece, 0) : 0;
    while (at < length) {
      const code = piece.charCodeAt(at);
      const kind = code < 128 ? KINDS[code]! : 0;
      if (kind === QUOTE) {
        at = this.endString(piece, at + 1);
        continue;
      }
      if (kind !== 0) this.#count(kind, at);
      at++;
    }
  }

  /**
   * Returns the index after the closing quote of the string that contains `at`, or the length of the piece.
   */
  endString(piece: string, at: number): number {
    let place = this.#isEscaped ? at + 1 : at;
    this.#isEscaped = false;
    for (; place < piece.length; place++) {
      const code = piece.charCodeAt(place);
      if (code === BACKSLASH_CODE) place++;
      else if (code === QUOTE_CODE) {
        this.#isInString = false;
        return place + 1;
      }
    }
    this.#isInString = true;
    this.#isEscaped = place > piece.length;
    return piece.length;
  }

  #count(kind: number, at: number): void {
    switch (kind) {
      case OPEN:
        this.#open(at);
        break;
      case CLOSE:
        if (this.#isWatched()) this.structure!.closed(at, this.#depth);
        if (--this.#depth < 0) throw new AppError('invalid_request', 'The body is not valid JSON.');
        break;
      case COMMA:
        this.#addValue();
        if (this.#isWatched()) this.structure!.separated(at, this.#depth);
        break;
      default:
        if (++this.#keys[this.#depth]! > MAX_KEYS)
          throw new AppError('invalid_request', `The body has an object with more than ${MAX_KEYS} keys.`);
    }
  }

  #open(at: number): void {
    this.#addValue();
    if (++this.#depth > MAX_DEPTH)
      throw new AppError('invalid_request', `The body is nested deeper than ${MAX_DEPTH} levels.`);
    this.#keys[this.#depth] = 0;
    if (this.#isWatched()) this.structure!.opened(at, this.#depth);
  }

  #isWatched(): boolean {
    return this.#depth >= 2 && this.#depth <= (this.structure?.deepest ?? 0);
  }

  #addValue(): void {
    if (++this.#values > MAX_VALUES)
      throw new AppError('invalid_request', `The body has more than ${MAX_VALUES} values in one row.`);
  }
}
