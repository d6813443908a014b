import { LIVE_CODES, type LiveValue } from '../../domain/live-measures.ts';
import { packLiveValues } from '../chunk/live-values.ts';
import type { RowMeasures } from '../chunk/row-measures.ts';
import type { Series } from './series.ts';

type Columns = readonly (readonly [code: number, values: Float64Array])[];

const liveColumns = (columns: RowMeasures['columns']): Columns =>
  [...columns].filter(([code]) => LIVE_CODES.has(code));

/** Keeps the newest further measures of series that `/metrics` shows. */
export class LatestMeasures {
  readonly #changed = new Map<Series, readonly LiveValue[]>();
  #columns: Columns = [];
  #gpus: RowMeasures['gpus'] | undefined;
  #gpuColumns: Columns = [];
  /** The next reading of a GPU in the batch. */
  #next = 0;

  /** Chooses the batch of the samples that are kept next. */
  choose(measures: RowMeasures | undefined): void {
    this.#columns = liveColumns(measures?.columns ?? new Map());
    this.#gpus = measures?.gpus;
    this.#gpuColumns = liveColumns(this.#gpus?.columns ?? new Map());
    this.#next = 0;
  }

  /** Keeps the measures of a sample of the batch, the newest of its series; samples must ascend. */
  keep(series: Series, sample: number): void {
    const values: LiveValue[] = [];
    addValues(values, this.#columns, '', sample);
    this.#addGpus(values, sample);
    if (values.length > 0) this.#changed.set(series, values);
  }

  /** Returns what was kept since the last call, packed; the series must have their rows. */
  take(): (readonly [usage: number, data: Uint8Array])[] {
    const taken = Array.from(this.#changed, ([{ id }, values]) => [id!, packLiveValues(values)] as const);
    this.#changed.clear();
    return taken;
  }

  /** Drops what was kept; must be called after a rollback. */
  forget(): void {
    this.#changed.clear();
  }

  #addGpus(values: LiveValue[], sample: number): void {
    const gpus = this.#gpus;
    if (!gpus || this.#gpuColumns.length === 0) return;
    while (this.#next < gpus.samples.length && gpus.samples[this.#next]! < sample) this.#next++;
    for (; gpus.samples[this.#next] === sample; this.#next++)
      addValues(values, this.#gpuColumns, gpus.names[gpus.gpus[this.#next]!]!, this.#next);
  }
}

function addValues(values: LiveValue[], columns: Columns, gpu: string, place: number): void {
  for (const [code, column] of columns) {
    const value = column[place]!;
    if (!Number.isNaN(value)) values.push({ code, gpu, value });
  }
}
