import { MAX_ROW_SAMPLES } from './log-row.ts';
import { packMeasures, type RowMeasures } from './row-measures.ts';

/** A column of a batch, and that of the row into which it is copied. */
interface Copy<To> {
  readonly from: Float64Array;
  readonly to: To;
}

/**
 * Collects further measures of the samples of the next log row, which may be of several batches. Its columns
 * are used again for each row.
 */
export class RowCollector {
  /** Columns by code; those of this row are in `#codes`. */
  readonly #columns = new Map<number, Float64Array>();
  readonly #codes = new Set<number>();
  #samples: number[] = [];
  #gpus: number[] = [];
  #names = new Map<string, number>();
  #gpuColumns = new Map<number, number[]>();
  #batch: RowMeasures | undefined;
  #copies: readonly Copy<Float64Array>[] | undefined;
  #gpuCopies: readonly Copy<number[]>[] = [];
  /** The next reading of a GPU in the batch. */
  #next = 0;

  /** Chooses the batch of the samples that are added next. */
  choose(batch: RowMeasures | undefined): void {
    this.#batch = batch;
    this.#copies = undefined;
    this.#next = 0;
  }

  /** Adds the measures of a sample of the batch as those of a sample of the row; both must ascend. */
  add(sample: number, place: number): void {
    if (!this.#batch) return;
    this.#copies ??= this.#open(this.#batch);
    for (const { from, to } of this.#copies) to[place] = from[sample]!;
    if (this.#batch.gpus.samples.length > 0) this.#addGpus(this.#batch, sample, place);
  }

  /** Bytes of the row so far, if it has `count` samples. */
  bytes(count: number): number {
    return 8 * (this.#codes.size * count + (1 + this.#gpuColumns.size) * this.#samples.length);
  }

  /** Packs the measures of the `count` samples of the row; undefined if there are none. */
  take(count: number): Uint8Array | undefined {
    if (this.#codes.size === 0 && this.#samples.length === 0) return undefined;
    this.#pad();
    const columns = Array.from(
      this.#codes,
      (code) => [code, this.#columns.get(code)!.subarray(0, count)] as const,
    );
    const gpuColumns = Array.from(
      this.#gpuColumns,
      ([code, values]) => [code, Float64Array.from(values)] as const,
    );
    const packed = packMeasures(
      {
        columns: new Map(columns),
        gpus: {
          samples: Uint32Array.from(this.#samples),
          gpus: Uint32Array.from(this.#gpus),
          names: [...this.#names.keys()],
          columns: new Map(gpuColumns),
        },
      },
      count,
    );
    this.clear();
    return packed;
  }

  /** Drops what was added, and goes on with the batch. */
  clear(): void {
    this.#codes.clear();
    this.#samples = [];
    this.#gpus = [];
    this.#names = new Map();
    this.#gpuColumns = new Map();
    this.#copies = undefined;
  }

  #open({ columns, gpus }: RowMeasures): readonly Copy<Float64Array>[] {
    this.#pad();
    this.#gpuCopies = Array.from(gpus.columns, ([code, from]) => ({ from, to: this.#gpuColumn(code) }));
    return Array.from(columns, ([code, from]) => ({ from, to: this.#column(code) }));
  }

  #column(code: number): Float64Array {
    const column = this.#columns.get(code) ?? new Float64Array(MAX_ROW_SAMPLES);
    this.#columns.set(code, column);
    if (!this.#codes.has(code)) column.fill(Number.NaN);
    this.#codes.add(code);
    return column;
  }

  #gpuColumn(code: number): number[] {
    const column = this.#gpuColumns.get(code) ?? new Array<number>(this.#samples.length).fill(Number.NaN);
    this.#gpuColumns.set(code, column);
    return column;
  }

  /** Fills columns that the last batch did not have. */
  #pad(): void {
    for (const column of this.#gpuColumns.values()) {
      while (column.length < this.#samples.length) column.push(Number.NaN);
    }
  }

  #addGpus({ gpus: { samples, gpus, names } }: RowMeasures, sample: number, place: number): void {
    while (this.#next < samples.length && samples[this.#next]! < sample) this.#next++;
    for (; samples[this.#next] === sample; this.#next++) {
      this.#samples.push(place);
      this.#gpus.push(this.#nameOf(names[gpus[this.#next]!]!));
      for (const { from, to } of this.#gpuCopies) to.push(from[this.#next]!);
    }
  }

  #nameOf(name: string): number {
    const place = this.#names.get(name) ?? this.#names.size;
    this.#names.set(name, place);
    return place;
  }
}
