import { AppError } from '../../domain/errors.ts';
import { JsonScanner } from './json-scan.ts';
import { MAX_OUTSIDE_LENGTH } from './limits.ts';

export interface RowLimits {
  /** Name of the array with the rows. */
  readonly name: string;
  readonly maxRows: number;
  /** The most characters of one row. */
  readonly maxRowLength: number;
}

/**
 * Cuts the JSON text of a batch, which arrives in pieces, into portions of whole rows, so that never more
 * than a piece and one row are parsed at once or held in memory. Throws `payload_too_large` at the first
 * surplus row or character.
 */
export class RowCutter {
  readonly #limits: RowLimits;
  readonly #scanner: JsonScanner;
  #piece = '';
  /** Start of the part of the current piece that has not been returned or stored. */
  #from = 0;
  #lastComma = -1;
  #isInRows = false;
  #hasRows = false;
  /** The start of the current row, from earlier pieces. */
  #row = '';
  #outside = '';
  #commas = 0;
  #portions: string[] = [];

  constructor(limits: RowLimits) {
    this.#limits = limits;
    this.#scanner = new JsonScanner({
      opened: (at) => this.#open(at),
      closed: (at) => this.#close(at),
      separated: (at) => this.#separate(at),
    });
  }

  /** Returns the rows that end in this piece, as texts of one or more rows separated by commas. */
  cut(piece: string): string[] {
    this.#piece = piece;
    this.#from = 0;
    this.#lastComma = -1;
    this.#portions = [];
    this.#scanner.scan(piece);
    if (this.#isInRows) this.#endPiece();
    else this.#keepOutside(piece.length);
    return this.#portions;
  }

  /** The text outside the rows, in which their array is empty. */
  get outside(): string {
    return this.#outside;
  }

  /** Whether the array of rows was found. */
  get hasRows(): boolean {
    return this.#hasRows;
  }

  /** The number of commas between rows. */
  get commas(): number {
    return this.#commas;
  }

  #endPiece(): void {
    if (this.#lastComma >= 0) {
      this.#portions.push(this.#row + this.#piece.slice(this.#from, this.#lastComma));
      this.#row = this.#piece.slice(this.#lastComma + 1);
    } else this.#row += this.#piece.slice(this.#from);
    if (this.#row.length > this.#limits.maxRowLength) {
      throw new AppError(
        'payload_too_large',
        `${this.#limits.name}.${this.#commas} has more than ${this.#limits.maxRowLength} characters.`,
      );
    }
  }

  #keepOutside(end: number): void {
    this.#outside += this.#piece.slice(this.#from, end);
    this.#from = end;
    if (this.#outside.length > MAX_OUTSIDE_LENGTH) {
      throw new AppError(
        'payload_too_large',
        `The body has more than ${MAX_OUTSIDE_LENGTH} characters outside ${this.#limits.name}.`,
      );
    }
  }

  #open(at: number): void {
    if (this.#isInRows || this.#piece[at] !== '[') return;
    this.#keepOutside(at);
    if (!this.#outside.slice(-200).trimEnd().endsWith(':')) return;
    const key = this.#outside.slice(-200).trimEnd().slice(0, -1).trimEnd();
    if (!key.endsWith(`"${this.#limits.name}"`)) return;
    if (this.#hasRows)
      throw new AppError('invalid_request', `The body contains ${this.#limits.name} more than once.`);
    this.#keepOutside(at + 1);
    this.#isInRows = true;
    this.#hasRows = true;
    this.#scanner.startRow();
  }

  #separate(at: number): void {
    if (!this.#isInRows) return;
    this.#lastComma = at;
    this.#commas++;
    this.#scanner.startRow();
    if (this.#commas >= this.#limits.maxRows) throw tooManyRows(this.#limits);
  }

  #close(at: number): void {
    if (!this.#isInRows) return;
    this.#portions.push(this.#row + this.#piece.slice(this.#from, at));
    this.#row = '';
    this.#from = at;
    this.#isInRows = false;
  }
}

export const tooManyRows = ({ name, maxRows }: Pick<RowLimits, 'name' | 'maxRows'>) =>
  new AppError(
    'payload_too_large',
    `${name} has more than the allowed ${maxRows} rows; send the rest in another batch.`,
  );
