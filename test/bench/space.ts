import { statSync } from 'node:fs';
import type { Store } from '../../src/domain/store/store.ts';
import { openSqlite } from '../../src/store/sqlite/open.ts';
import { temporaryFolder } from '../help/folder.ts';
import { realisticSeries } from '../help/noise.ts';
import { type JobsShape, jobAt } from './data/jobs.ts';
import { usedBytes } from './disk.ts';
import { startProgress } from './progress.ts';
import { grouped, isAtMost, type Row } from './row.ts';

const BATCH_JOBS = 5000;
/** Samples of one job: about four days, one each 30 s. */
const JOB_SAMPLES = 10_000;
const BATCH_SAMPLES = 5000;
const LATER_MS = 2 * 86_400_000;
/** 300 MB for 1,000,000 jobs with 10,000,000 samples. */
const BUDGET_BYTES = 300;
const BUDGET_RATIO = 1.1;

/**
 * Measures the bytes on disk per job with ten sealed
 * samples, and the size of the file against its used pages.
 */
export async function measureSpace({ jobs }: { jobs: number }): Promise<Row[]> {
  using folder = temporaryFolder();
  const path = folder.file('space.db');
  const store = await openSqlite(path, { cacheBytes: 256_000_000 });
  await loadJobs(store, { jobs, running: jobs / 250, pending: jobs / 5000 });
  await loadSamples(store, jobs * 10);
  await store.close();
  const [file, used] = [statSync(path).size, usedBytes(path)];
  const what = `${grouped(jobs)} jobs with ${grouped(jobs * 10)} sealed samples`;
  return [
    {
      what: `bytes a job, ${what}`,
      floor: '',
      ours: `${(used / jobs).toFixed(0)} B`,
      figure: `${(used / 1e6).toFixed(0)} MB`,
      budget: `at most ${BUDGET_BYTES} B`,
      isHeld: isAtMost(used / jobs, BUDGET_BYTES),
    },
    {
      what: `size of the file, ${what}`,
      floor: `${(used / 1e6).toFixed(0)} MB used`,
      ours: `${(file / 1e6).toFixed(0)} MB`,
      figure: `${(file / used).toFixed(2)} of what is used`,
      budget: `at most ${BUDGET_RATIO}`,
      isHeld: isAtMost(file / used, BUDGET_RATIO),
    },
  ];
}

async function loadJobs(store: Store, shape: JobsShape): Promise<void> {
  const progress = startProgress(`making ${grouped(shape.jobs)} jobs`, shape.jobs);
  for (let start = 0; start < shape.jobs; start += BATCH_JOBS) {
    const count = Math.min(BATCH_JOBS, shape.jobs - start);
    const jobs = Array.from({ length: count }, (_, offset) => jobAt(start + offset, shape));
    const { stored } = await store.createJobs(jobs);
    if (stored !== count) throw new Error(`${stored} of ${count} jobs were stored.`);
    progress.advance(start + count);
  }
  progress.finish();
}

/** Records the samples of a few long jobs: real jobs are mostly too short to have many. */
async function loadSamples(store: Store, samples: number): Promise<void> {
  const progress = startProgress(`recording and sealing ${grouped(samples)} samples`, samples);
  for (let job = 0; job * JOB_SAMPLES < samples; job++) {
    const id = `long-${job}`;
    const series = realisticSeries(JOB_SAMPLES, job + 1);
    const [startTimeMs, endTimeMs] = [series[0]!.timeMs, series.at(-1)!.timeMs];
    await store.createJobs([{ id, user: 'u0001', nodes: ['n0001'], state: 'running', startTimeMs }]);
    for (let start = 0; start < series.length; start += BATCH_SAMPLES) {
      const batch = series.slice(start, start + BATCH_SAMPLES).map(({ gpuUsage, ...sample }) => ({
        ...{ jobId: id, ...sample, stamped: false },
        ...(gpuUsage !== null && gpuUsage !== undefined && { gpuUsage }),
      }));
      await store.recordSamples(batch);
    }
    while (await store.expire({}, endTimeMs + LATER_MS));
    progress.advance((job + 1) * JOB_SAMPLES);
  }
  progress.finish();
}
