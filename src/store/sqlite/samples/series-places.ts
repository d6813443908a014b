/** A table is made for numbers that lie closer together than this: 4 MB. Jobs get theirs together, so they nearly always do. */
const MAX_TABLE = 1_000_000;

/** Tells the place of a series in a list. It is asked for every sample of the log, so it has to answer in a few nanoseconds. */
export class SeriesPlaces {
  readonly #least: number;
  /** Places counted from 1, at `series - least`; 0: not in the list. */
  readonly #table: Int32Array | undefined;
  readonly #map: Map<number, number> | undefined;

  constructor(list: readonly number[]) {
    const least = list.reduce((one, other) => Math.min(one, other), Infinity);
    const greatest = list.reduce((one, other) => Math.max(one, other), -Infinity);
    this.#least = list.length === 0 ? 0 : least;
    if (greatest - least < MAX_TABLE || list.length === 0) {
      this.#table = new Int32Array(list.length === 0 ? 0 : greatest - least + 1);
      for (const [place, series] of list.entries()) this.#table[series - least] = place + 1;
    } else {
      this.#map = new Map(list.map((series, place) => [series, place]));
    }
  }

  /** -1 when it is not in the list. */
  of(series: number): number {
    if (this.#table) {
      const at = series - this.#least;
      return at >= 0 && at < this.#table.length ? this.#table[at]! - 1 : -1;
    }
    return this.#map!.get(series) ?? -1;
  }
}
