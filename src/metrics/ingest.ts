import { Counter, type Registry } from 'prom-client';
import {
  INGEST_SOURCES,
  type IngestSource,
  SAMPLE_RESULTS,
  type SampleResult,
  VALUE_RESULTS,
  type ValueResult,
} from '../domain/foreign/series.ts';

/** Counts what other exporters send. */
export interface IngestMetrics {
  countValues(source: IngestSource, result: ValueResult, count: number): void;
  countSamples(source: IngestSource, result: SampleResult, count: number): void;
}

/** Adds the families of what arrives from other exporters. */
export function addIngestMetrics(registry: Registry): IngestMetrics {
  const registers = [registry];
  const labelNames = ['source', 'result'] as const;
  const values = new Counter({
    name: 'hpc_observe_ingest_values_total',
    help: 'Values that other exporters sent, by whether they are used or why not',
    labelNames,
    registers,
  });
  const samples = new Counter({
    name: 'hpc_observe_ingest_samples_total',
    help: 'Samples made of the values of other exporters, by what became of them',
    labelNames,
    registers,
  });
  for (const source of INGEST_SOURCES) {
    for (const result of VALUE_RESULTS) values.inc({ source, result }, 0);
    for (const result of SAMPLE_RESULTS) samples.inc({ source, result }, 0);
  }
  return {
    countValues: (source, result, count) => values.inc({ source, result }, count),
    countSamples: (source, result, count) => samples.inc({ source, result }, count),
  };
}
