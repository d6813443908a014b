/** Ids that lie closer together than this get a table (4 MB). The ids of one job nearly always do. */
const MAX_TABLE = 1_000_000;

/**
 * Finds the index of a series in a list within a few nanoseconds, because a pass does it for every sample of
 * the log.
 */
export class SeriesPlaces {
  readonly #least: number;
  /** The index plus 1, at `series - least`; 0 if not in the list. */
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

  /** Returns -1 if the series is not in the list. */
  of(series: number): number {
    if (this.#table) {
      const at = series - this.#least;
      return at >= 0 && at < this.#table.length ? this.#table[at]! - 1 : -1;
    }
    return this.#map!.get(series) ?? -1;
  }
}
