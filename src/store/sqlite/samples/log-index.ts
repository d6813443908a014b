/**
 * A snapshot of log rows: row `r` has the seq `firstSeq + r`, and its samples are from starts[r] to starts[r
 * + 1], exclusive.
 */
export interface LogView {
  readonly series: Int32Array;
  /** Empty if the index has no times. */
  readonly times: Float64Array;
  readonly starts: Int32Array;
  readonly firstSeq: number;
  readonly fromRow: number;
  readonly toRow: number;
}

const FIRST_CAPACITY = 1024;

/**
 * Maps each sample of the log to its series: 4 bytes a sample, 4 a row, and 8 a sample if it has times. A
 * view remains valid whatever is appended or dropped later, because nothing that it shows is ever
 * overwritten.
 */
export class LogIndex {
  #series = new Int32Array(0);
  #times = new Float64Array(0);
  #starts = new Int32Array(1);
  #firstSeq = 1;
  #fromRow = 0;
  #toRow = 0;

  constructor(private readonly hasTimes: boolean) {}

  get firstSeq(): number {
    return this.#firstSeq + this.#fromRow;
  }

  get nextSeq(): number {
    return this.#firstSeq + this.#toRow;
  }

  /** Number of samples, including sealed ones. */
  get samples(): number {
    return this.#starts[this.#toRow]! - this.#starts[this.#fromRow]!;
  }

  /** Empties the index; the next row to be appended has this seq. */
  reset(seq: number): void {
    this.#series = new Int32Array(0);
    this.#times = new Float64Array(0);
    this.#starts = new Int32Array(1);
    this.#firstSeq = seq;
    this.#fromRow = 0;
    this.#toRow = 0;
  }

  /** Appends the row `nextSeq`. */
  append(series: Int32Array, times: Float64Array): void {
    const start = this.#starts[this.#toRow]!;
    const end = start + series.length;
    this.#series = withRoom(this.#series, end, (capacity) => new Int32Array(capacity));
    this.#series.set(series, start);
    if (this.hasTimes) {
      this.#times = withRoom(this.#times, end, (capacity) => new Float64Array(capacity));
      this.#times.set(times, start);
    }
    this.#toRow++;
    this.#starts = withRoom(this.#starts, this.#toRow + 1, (capacity) => new Int32Array(capacity));
    this.#starts[this.#toRow] = end;
  }

  /** Drops the rows before a seq. */
  drop(beforeSeq: number): void {
    this.#fromRow = Math.max(this.#fromRow, Math.min(this.#toRow, beforeSeq - this.#firstSeq));
    // Copied when half is gone, so that each sample is copied about once.
    const gone = this.#starts[this.#fromRow]!;
    if (gone > FIRST_CAPACITY && gone > this.samples) this.#trim(gone);
  }

  #trim(gone: number): void {
    const end = this.#starts[this.#toRow]!;
    this.#series = this.#series.slice(gone, end);
    if (this.hasTimes) this.#times = this.#times.slice(gone, end);
    this.#starts = this.#starts.slice(this.#fromRow, this.#toRow + 1).map((start) => start - gone);
    this.#firstSeq += this.#fromRow;
    this.#toRow -= this.#fromRow;
    this.#fromRow = 0;
  }

  /** Returns the known rows from one seq up to another, exclusive. */
  view(fromSeq = this.firstSeq, toSeq = this.nextSeq): LogView {
    return {
      series: this.#series,
      times: this.#times,
      starts: this.#starts,
      firstSeq: this.#firstSeq,
      fromRow: Math.max(this.#fromRow, fromSeq - this.#firstSeq),
      toRow: Math.min(this.#toRow, toSeq - this.#firstSeq),
    };
  }
}

/** Returns the array itself if it is long enough, else a longer copy. */
function withRoom<Numbers extends Int32Array | Float64Array>(
  numbers: Numbers,
  length: number,
  make: (capacity: number) => Numbers,
): Numbers {
  if (length <= numbers.length) return numbers;
  const larger = make(Math.max(FIRST_CAPACITY, length, Math.ceil(numbers.length * 1.5)));
  larger.set(numbers);
  return larger;
}
