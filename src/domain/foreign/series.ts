/** A series of another exporter with some of its values. */
export interface ForeignSeries {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  /** Milliseconds since 1970, one for each value. */
  readonly times: readonly number[];
  /** NaN where the series ended. */
  readonly values: readonly number[];
}

/** What one request brings. */
export interface ForeignRequest {
  readonly series: readonly ForeignSeries[];
  /** Values of series that were left out while the request was read. */
  readonly unmapped: number;
}

/** How series of other exporters arrive. */
export const INGEST_SOURCES = ['remote_write', 'otlp'] as const;
export type IngestSource = (typeof INGEST_SOURCES)[number];

/** Why a value of a series was left out. */
export const LEFT_OUT = [
  'unmapped',
  'no_job',
  'no_node',
  'shared_gpu',
  'out_of_range',
  'bad_time',
  'stale',
] as const;
export type LeftOut = (typeof LEFT_OUT)[number];

/** What became of values; `used` ones wait for the others of their sample. */
export const VALUE_RESULTS = ['used', ...LEFT_OUT] as const;
export type ValueResult = (typeof VALUE_RESULTS)[number];

/**
 * What became of samples: on disk now or before, refused by the store, given up because CPU or memory did not
 * arrive, or needed as the first value of a counter; `gpu_alone` are readings of GPUs without a sample.
 */
export const SAMPLE_RESULTS = [
  'stored',
  'repeated',
  'refused',
  'incomplete',
  'first_counter',
  'gpu_alone',
] as const;
export type SampleResult = (typeof SAMPLE_RESULTS)[number];

/** What of a request is not stored. */
export interface Receipt {
  /** Values that were left out. */
  readonly leftOut: ReadonlyMap<LeftOut, number>;
  /** Samples that the store refused. */
  readonly refused: number;
  /** Why the first of them was refused. */
  readonly reason?: string | undefined;
}
