/** Rows of the log as one moment has them: row `r` has the seq `firstSeq + r`, and its samples are at starts[r] to starts[r + 1]. */
export interface LogView {
  readonly series: Int32Array;
  /** Empty when the index keeps no times. */
  readonly times: Float64Array;
  readonly starts: Int32Array;
  readonly firstSeq: number;
  readonly fromRow: number;
  readonly toRow: number;
}

const FIRST_CAPACITY = 1024;

/**
 * Knows which series each sample of the log belongs to: 4 bytes a sample, 4 a row, and 8 a sample for the times where they are
 * kept. A view stays right whatever is appended or dropped later, because what it shows is never overwritten.
 */
export class LogIndex {
  #series = new Int32Array(0);
  #times = new Float64Array(0);
  #starts = new Int32Array(1);
  #firstSeq = 1;
  #fromRow = 0;
  #toRow = 0;

  constructor(private readonly keepsTimes: boolean) {}

  get firstSeq(): number {
    return this.#firstSeq + this.#fromRow;
  }

  get nextSeq(): number {
    return this.#firstSeq + this.#toRow;
  }

  /** Samples, sealed ones included. */
  get samples(): number {
    return this.#starts[this.#toRow]! - this.#starts[this.#fromRow]!;
  }

  /** Empties it; the next row to be appended has this seq. */
  reset(seq: number): void {
    this.#series = new Int32Array(0);
    this.#times = new Float64Array(0);
    this.#starts = new Int32Array(1);
    this.#firstSeq = seq;
    this.#fromRow = 0;
    this.#toRow = 0;
  }

  /** Takes up the row `nextSeq`. */
  append(series: Int32Array, times: Float64Array): void {
    const start = this.#starts[this.#toRow]!;
    const end = start + series.length;
    this.#series = withRoom(this.#series, end, (capacity) => new Int32Array(capacity));
    this.#series.set(series, start);
    if (this.keepsTimes) {
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
    // Copied when half of it has gone, so that a sample is copied about once.
    const gone = this.#starts[this.#fromRow]!;
    if (gone > FIRST_CAPACITY && gone > this.samples) this.#trim(gone);
  }

  #trim(gone: number): void {
    const end = this.#starts[this.#toRow]!;
    this.#series = this.#series.slice(gone, end);
    if (this.keepsTimes) this.#times = this.#times.slice(gone, end);
    this.#starts = this.#starts.slice(this.#fromRow, this.#toRow + 1).map((start) => start - gone);
    this.#firstSeq += this.#fromRow;
    this.#toRow -= this.#fromRow;
    this.#fromRow = 0;
  }

  /** The rows from one seq to another, as far as they are known; `toSeq` is exclusive. */
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

/** The array itself when it has the room, else a copy with more. */
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
