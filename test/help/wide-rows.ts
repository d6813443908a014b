import { expect } from 'bun:test';
import { MEASURES, type MeasureName } from '../../src/domain/measure.ts';
import type { JobSample } from '../../src/domain/store/samples.ts';
import type { Store } from '../../src/domain/store/store.ts';
import { MINUTE_MS } from './builders.ts';
import { NOON_MS } from './clock.ts';
import { batchMeasures, type Further } from './further.ts';

type Values = Partial<Record<MeasureName, number>>;
/** A sample with further measures by name. */
export interface WideRow {
  /** Minutes after noon. */
  readonly minute: number;
  readonly node?: string;
  readonly values?: Values;
  readonly gpus?: Readonly<Record<string, Values>>;
}

const byCode = (values: Values) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [MEASURES.get(name as MeasureName)!.code, value]),
  );

/** Records rows as one batch. */
export async function recordWide(store: Store, jobId: string, rows: readonly WideRow[]): Promise<void> {
  const samples = rows.map(({ minute, node }): JobSample => {
    const timeMs = NOON_MS + minute * MINUTE_MS;
    return { jobId, timeMs, ...(node && { node }), cpuUsage: 1, memoryUsageMb: 1, stamped: false };
  });
  const further = rows.map(({ values = {}, gpus = {} }): Further => {
    const ofGpus = Object.entries(gpus).map(([gpu, some]) => [gpu, byCode(some)] as const);
    return { job: byCode(values), gpus: Object.fromEntries(ofGpus) };
  });
  expect(await store.recordSamples(samples, batchMeasures(further))).toMatchObject({ stored: rows.length });
}
