import { AppError } from '../../domain/errors.ts';
import { JsonScanner } from './json-scan.ts';

/** Characters that a batch may have beside its rows. */
const MAX_OUTSIDE = 64 * 1024;

export interface RowLimits {
  /** Name of the array that holds the rows. */
  readonly name: string;
  readonly maxRows: number;
  /** Characters of one row. */
  readonly maxRowLength: number;
}

/**
 * Cuts the JSON text of a batch, which comes in pieces, into portions of whole rows, so that no more of it has to be parsed
 * at once, or kept, than a piece and one row. Refuses it at the first row, or character, that is too many.
 */
export class RowCutter {
  readonly #limits: RowLimits;
  readonly #scanner: JsonScanner;
  #piece = '';
  /** From where on the piece at hand has not been given out or kept. */
  #from = 0;
  #lastComma = -1;
  #isInRows = false;
  #hasRows = false;
  /** The beginning of the row at hand. */
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

  /** The rows that end in this piece, as texts of one or more rows with commas between them. */
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

  /** The text beside the rows, whose array is empty in it. */
  get outside(): string {
    return this.#outside;
  }

  /** Whether an array of rows was found where it belongs. */
  get hasRows(): boolean {
    return this.#hasRows;
  }

  /** Commas between rows. */
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
    if (this.#outside.length > MAX_OUTSIDE) {
      throw new AppError(
        'payload_too_large',
        `The body has more than ${MAX_OUTSIDE} characters beside ${this.#limits.name}.`,
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
      throw new AppError('invalid_request', `The body has ${this.#limits.name} more than once.`);
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
    `${name} has more than the ${maxRows} rows that are allowed; send the rest in another batch.`,
  );
