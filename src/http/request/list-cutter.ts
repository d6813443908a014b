import { AppError } from '../../domain/errors.ts';
import { JsonScanner } from './json-scan.ts';
import { MAX_OUTSIDE_LENGTH } from './limits.ts';

/** A list whose values are parsed some at a time. */
export interface ListLimits {
  readonly maxRows: number;
  /** The most characters of one value. */
  readonly maxRowLength: number;
}

/** An object whose arrays are columns. */
export interface GroupLimits extends ListLimits {
  /** Columns that are wanted; the values of others are dropped. */
  readonly names: ReadonlySet<string>;
}

export interface BatchLimits extends ListLimits {
  /** Name of the array with the rows. */
  readonly name: string;
  /** Objects with columns, by name. */
  readonly groups?: ReadonlyMap<string, GroupLimits>;
}

/** Some values of one list, separated by commas. */
export interface Portion {
  /** The object with the list, if it is a column. */
  readonly group: string | undefined;
  readonly name: string;
  readonly text: string;
  /** With the last portion of a list: the commas between all its values. */
  readonly commas: number | undefined;
}

interface OpenList extends ListLimits, Pick<Portion, 'group' | 'name'> {
  readonly level: number;
  readonly label: string;
}

/**
 * Cuts the JSON text of a batch, which arrives in pieces, into portions of whole rows, or of whole values of
 * columns, so that never more than a piece and one of them are parsed at once or held in memory. Throws
 * `payload_too_large` at the first surplus row, value or character.
 */
export class ListCutter {
  readonly #limits: BatchLimits;
  readonly #scanner: JsonScanner;
  /** Column lists are one level deeper than rows. */
  readonly #structure = {
    deepest: 2,
    opened: (at: number, level: number) => this.#open(at, level),
    closed: (at: number, level: number) => this.#close(at, level),
    separated: (at: number, level: number) => this.#separate(at, level),
  };
  #piece = '';
  /** Start of the part of the current piece that has not been returned or stored. */
  #from = 0;
  #lastComma = -1;
  #group: string | undefined;
  #list: OpenList | undefined;
  readonly #found = new Set<string>();
  /** The start of the current value, from earlier pieces. */
  #value = '';
  #outside = '';
  #commas = 0;
  #portions: Portion[] = [];

  constructor(limits: BatchLimits) {
    this.#limits = limits;
    this.#scanner = new JsonScanner(this.#structure);
  }

  /** Returns the values of lists that end in this piece. */
  cut(piece: string): Portion[] {
    this.#piece = piece;
    this.#from = 0;
    this.#lastComma = -1;
    this.#portions = [];
    this.#scanner.scan(piece);
    if (this.#list) this.#endPiece(this.#list);
    else this.#keepOutside(piece.length);
    return this.#portions;
  }

  /** The text outside the lists that were cut, in which they are empty. */
  get outside(): string {
    return this.#outside;
  }

  /** Whether the array of rows was found. */
  get hasRows(): boolean {
    return this.#found.has(this.#limits.name);
  }

  #endPiece(list: OpenList): void {
    if (this.#lastComma >= 0) {
      this.#push(list, this.#value + this.#piece.slice(this.#from, this.#lastComma));
      this.#value = this.#piece.slice(this.#lastComma + 1);
    } else this.#value += this.#piece.slice(this.#from);
    if (this.#value.length > list.maxRowLength) {
      throw new AppError(
        'payload_too_large',
        `${list.label}.${this.#commas} has more than ${list.maxRowLength} characters.`,
      );
    }
  }

  #push({ group, name }: OpenList, text: string, commas?: number): void {
    this.#portions.push({ group, name, text, commas });
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

  #open(at: number, level: number): void {
    if (this.#list) return;
    this.#keepOutside(at);
    const isArray = this.#piece[at] === '[';
    if (level === 3) {
      const limits = this.#limits.groups!.get(this.#group!)!;
      const name = isArray ? lastKey(this.#outside) : undefined;
      if (name !== undefined)
        this.#openList(at, { ...limits, level, group: this.#group, name, label: `${this.#group}.${name}` });
      return;
    }
    const { name, groups, maxRows, maxRowLength } = this.#limits;
    const key = lastKey(this.#outside);
    if (isArray && key === name)
      this.#openList(at, { maxRows, maxRowLength, level, group: undefined, name, label: name });
    else if (!isArray && key !== undefined && groups?.has(key)) {
      this.#group = key;
      this.#structure.deepest = 3;
    }
  }

  #openList(at: number, list: OpenList): void {
    if (this.#found.has(list.label))
      throw new AppError('invalid_request', `The body contains ${list.label} more than once.`);
    this.#found.add(list.label);
    this.#keepOutside(at + 1);
    this.#list = list;
    this.#commas = 0;
    this.#lastComma = -1;
    this.#scanner.startRow();
  }

  #separate(at: number, level: number): void {
    if (this.#list?.level !== level) return;
    this.#lastComma = at;
    this.#commas++;
    this.#scanner.startRow();
    if (this.#commas >= this.#list.maxRows) throw tooManyRows(this.#list.label, this.#list.maxRows);
  }

  #close(at: number, level: number): void {
    if (this.#list?.level === level) {
      this.#push(this.#list, this.#value + this.#piece.slice(this.#from, at), this.#commas);
      this.#value = '';
      this.#from = at;
      this.#list = undefined;
    } else if (level === 2) {
      this.#group = undefined;
      this.#structure.deepest = 2;
    }
  }
}

/** Returns the key of the value that follows a text; undefined for a value of an array, or an unusual key. */
const lastKey = (text: string): string | undefined =>
  /"(\w{1,64})"\s{0,64}:\s{0,64}$/.exec(text.slice(-200))?.[1];

export const tooManyRows = (name: string, maxRows: number) =>
  new AppError(
    'payload_too_large',
    `${name} has more than the allowed ${maxRows} rows; send the rest in another batch.`,
  );
