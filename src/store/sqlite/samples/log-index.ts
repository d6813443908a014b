/**
 * A snapshot of some rows of the log: row `r` has the seq `firstSeq + r`, and its samples are from starts[r]
 * to starts[r + 1], exclusive.
 */
export interface LogPage {
  readonly series: Int32Array;
  /** Empty if the index has no times. */
  readonly times: Float64Array;
  readonly starts: Int32Array;
  readonly firstSeq: number;
  readonly fromRow: number;
  readonly toRow: number;
}

/** A snapshot of the log, oldest rows first. */
export interface LogView {
  readonly pages: readonly LogPage[];
  /** The seq after the last row. */
  readonly nextSeq: number;
}

/**
 * Samples of a page. One array for the whole log took up to three times as much memory as its samples,
 * because it had room to grow and was copied only when half of it was gone.
 */
const PAGE_SAMPLES = 65_536;
const FIRST_CAPACITY = 1024;

/**
 * Maps each sample of the log to its series: 4 bytes a sample, 4 a row, and 8 a sample if it has times. A
 * view remains valid whatever is appended or dropped later, because nothing that it shows is ever
 * overwritten.
 */
export class LogIndex {
  #pages: Page[] = [];
  #nextSeq = 1;
  #samples = 0;

  constructor(
    private readonly hasTimes: boolean,
    private readonly pageSamples = PAGE_SAMPLES,
  ) {}

  get firstSeq(): number {
    const first = this.#pages[0];
    return first ? first.firstSeq + first.fromRow : this.#nextSeq;
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** Number of samples, including sealed ones. */
  get samples(): number {
    return this.#samples;
  }

  /** Empties the index; the next row to be appended has this seq. */
  reset(seq: number): void {
    this.#pages = [];
    this.#nextSeq = seq;
    this.#samples = 0;
  }

  /** Appends the row `nextSeq`. */
  append(series: Int32Array, times: Float64Array): void {
    this.#lastPage(series.length).append(series, this.hasTimes ? times : undefined);
    this.#nextSeq++;
    this.#samples += series.length;
  }

  /** Returns the last page, or a new one if that has no room. */
  #lastPage(samples: number): Page {
    const last = this.#pages.at(-1);
    if (last && last.end + samples <= this.pageSamples) return last;
    // A log of many pages fills the next one, too.
    const page = new Page(this.#nextSeq, last ? this.pageSamples : 0);
    this.#pages.push(page);
    return page;
  }

  /** Drops the rows before a seq. */
  drop(beforeSeq: number): void {
    while (this.#pages[0] && this.#pages[0].nextSeq <= beforeSeq) this.#samples -= this.#pages.shift()!.count;
    const first = this.#pages[0];
    if (!first) return;
    const count = first.count;
    first.drop(beforeSeq);
    this.#samples -= count - first.count;
  }

  /** Returns the known rows from one seq up to another, exclusive. */
  view(fromSeq = this.firstSeq, toSeq = this.#nextSeq): LogView {
    const pages = this.#pages.filter((page) => page.firstSeq < toSeq && page.nextSeq > fromSeq);
    return { pages: pages.map((page) => page.view(fromSeq, toSeq)), nextSeq: Math.min(toSeq, this.#nextSeq) };
  }
}

/** Some rows of the log, which only grow at the end and are dropped at the front. */
class Page {
  series = new Int32Array(0);
  times = new Float64Array(0);
  starts = new Int32Array(1);
  fromRow = 0;
  toRow = 0;

  /** The first row has room for `capacity` samples at once. */
  constructor(
    readonly firstSeq: number,
    private readonly capacity: number,
  ) {}

  get nextSeq(): number {
    return this.firstSeq + this.toRow;
  }

  /** Where the last row ends. */
  get end(): number {
    return this.starts[this.toRow]!;
  }

  get count(): number {
    return this.end - this.starts[this.fromRow]!;
  }

  append(series: Int32Array, times: Float64Array | undefined): void {
    const start = this.end;
    const end = start + series.length;
    this.series = withRoom(this.series, Math.max(end, this.capacity), (length) => new Int32Array(length));
    this.series.set(series, start);
    if (times) {
      this.times = withRoom(this.times, Math.max(end, this.capacity), (length) => new Float64Array(length));
      this.times.set(times, start);
    }
    this.toRow++;
    this.starts = withRoom(this.starts, this.toRow + 1, (length) => new Int32Array(length));
    this.starts[this.toRow] = end;
  }

  drop(beforeSeq: number): void {
    this.fromRow = Math.max(this.fromRow, Math.min(this.toRow, beforeSeq - this.firstSeq));
  }

  view(fromSeq: number, toSeq: number): LogPage {
    const { series, times, starts, firstSeq } = this;
    const fromRow = Math.max(this.fromRow, fromSeq - firstSeq);
    return { series, times, starts, firstSeq, fromRow, toRow: Math.min(this.toRow, toSeq - firstSeq) };
  }
}

/** Returns the array itself if it is long enough, else a longer copy. */
function withRoom<Numbers extends Int32Array | Float64Array>(
  numbers: Numbers,
  length: number,
  make: (length: number) => Numbers,
): Numbers {
  if (length <= numbers.length) return numbers;
  const larger = make(Math.max(FIRST_CAPACITY, length, Math.ceil(numbers.length * 1.5)));
  larger.set(numbers);
  return larger;
}
