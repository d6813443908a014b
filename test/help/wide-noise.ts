import { createRandom } from '../../src/demo/random.ts';
import { MEASURES, type MeasureName } from '../../src/domain/measure.ts';
import { compareFurther, type SampleColumns } from '../../src/domain/readings.ts';
import { type ChunkSample, columnsOf } from '../../src/store/chunk/chunk.ts';
import { realisticSeries } from './noise.ts';

/** The further measures of `wideSeries`. */
export const WIDE_MEASURES = [
  'cpu_seconds',
  'cpu_user_seconds',
  'cpu_system_seconds',
  'cpus_used',
  'memory_current_bytes',
  'memory_anonymous_bytes',
  'memory_cache_bytes',
  'memory_peak_bytes',
  'io_read_bytes',
  'io_written_bytes',
  'processes',
  'threads',
] as const satisfies readonly MeasureName[];

export interface WideSeries {
  readonly samples: ChunkSample[];
  /** In the order of WIDE_MEASURES; one value a sample. */
  readonly columns: readonly Float64Array[];
}

const CPUS = 16;
const PAGE_BYTES = 4096;
const MB_PAGES = 256;

/**
 * What an agent measures beside `realisticSeries` of a job with 16 CPUs: counters that grow with the noise of
 * their gauges; memory in pages, where allocations are counted in advance and so differ from their sum; reads
 * in bursts through the cache, and a checkpoint written every ten minutes.
 */
export function wideSeries(count: number, seed = 1): WideSeries {
  const samples = realisticSeries(count, seed);
  const random = createRandom(seed + 1_000_000);
  const bell = () => random() + random() + random() + random() + random() + random() - 3;
  const columns = WIDE_MEASURES.map(() => new Float64Array(count));
  let [cpuMs, systemMs, systemShare] = [0, 0, 0.05];
  let [cachePages, peakPages, readPages, writtenPages] = [50_000, 0, 0, 0];
  let isReading = false;
  let threads = 33;
  let lastMs = samples[0]!.timeMs - 30_000;
  for (const [i, { timeMs, cpuUsage, memoryUsageMb }] of samples.entries()) {
    const spentMs = ((timeMs - lastMs) * CPUS * (cpuUsage + bell() / 200)) / 100;
    const cpusUsed = spentMs / (timeMs - lastMs);
    lastMs = timeMs;
    cpuMs += Math.max(0, spentMs);
    systemShare = Math.max(0.01, systemShare + bell() * 0.003 + (0.05 - systemShare) * 0.1);
    systemMs += Math.max(0, spentMs * systemShare);
    if (random() < 0.05) isReading = !isReading;
    const read = isReading ? Math.max(0, Math.round(20_000 + bell() * 8000)) : 0;
    readPages += read;
    cachePages = Math.round(cachePages * 0.98 + read * 0.5 + (i % 20 === 0 ? 10_000 : 0));
    writtenPages += i % 20 === 0 ? 50_000 + Math.round(bell() * 300) : Math.round(1 + random() * 3);
    const anonymousPages = memoryUsageMb * MB_PAGES + Math.round(bell() * 20);
    const currentPages = anonymousPages + cachePages + 12_000 + Math.round(bell() * 200);
    peakPages = Math.max(peakPages, currentPages);
    if (random() < 0.01) threads = 30 + Math.floor(random() * 5);
    const values = [
      Math.round(cpuMs) / 1000,
      Math.round(cpuMs - systemMs) / 1000,
      Math.round(systemMs) / 1000,
      Math.round(cpusUsed * 1000) / 1000,
      currentPages * PAGE_BYTES,
      anonymousPages * PAGE_BYTES,
      cachePages * PAGE_BYTES,
      peakPages * PAGE_BYTES,
      readPages * PAGE_BYTES,
      writtenPages * PAGE_BYTES,
      threads === 33 ? 17 : 16,
      threads,
    ];
    for (const [place, value] of values.entries()) columns[place]![i] = value;
  }
  return { samples, columns };
}

/** Returns the samples with their further columns, as the store reads them. */
export function wideColumns(count: number, seed = 1): SampleColumns {
  const { samples, columns } = wideSeries(count, seed);
  const further = columns.map((values, place) => ({
    code: MEASURES.get(WIDE_MEASURES[place]!)!.code,
    gpu: '',
    values,
  }));
  return { ...columnsOf(samples), further: further.sort(compareFurther) };
}
