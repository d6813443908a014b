import { type AppError, jobNotFound, runNotFound } from '../../../domain/errors.ts';
import { hasNoNodes, type NewSample, notANode } from '../../../domain/sample.ts';
import { type BatchResult, MAX_REFUSALS, type Refusal } from '../../../domain/store/batch.ts';
import type { JobSample } from '../../../domain/store/samples.ts';
import { nameGpusOnce } from '../../chunk/row-measures.ts';
import { mayBeRepeat, type Series, timesOf } from '../../rows/series.ts';
import type { SeriesCache } from '../../writer/series-cache.ts';
import type { SampleBatch } from '../../writer/write.ts';
import { findNamedRuns, type NamedRun } from '../runs/sluid.ts';
import type { Writing } from '../sql/queries.ts';
import { sampleAppender } from './append.ts';
import { earlierSeriesFinder } from './earlier-run.ts';
import { findStoredTimes } from './repeats.ts';
import { findSeries } from './series.ts';

type Found = readonly (Series | undefined)[];

/**
 * Records samples inside the transaction of the group. `flush` must be called before anything else reads or
 * changes their tables.
 */
export function sampleWriter(db: Writing, latest: SeriesCache, onAppended: (samples: number) => void) {
  const appender = sampleAppender(db, onAppended);
  const earlier = earlierSeriesFinder(db);
  /** The runs of SLUIDs that samples of the current batch name. */
  let runs: ReadonlyMap<string, NamedRun> = new Map();

  /** Adds the job to samples that name their run by SLUID; the job of an unknown run is ''. */
  async function addJobs(samples: readonly JobSample[]): Promise<readonly JobSample[]> {
    if (!samples.some(({ sluid }) => sluid !== undefined)) return samples;
    runs = await findNamedRuns(
      db,
      samples.flatMap(({ sluid }) => sluid ?? []),
    );
    return samples.map((sample) =>
      sample.sluid === undefined ? sample : { ...sample, jobId: runs.get(sample.sluid)?.jobId ?? '' },
    );
  }

  /** Finds the series of each sample: in the run that it names, else in the run in whose time it lies. */
  async function findEach(samples: readonly JobSample[]): Promise<Found> {
    const missing = latest.missing(samples);
    if (missing.length > 0) latest.add(await findSeries(db, missing));
    const found = latest.find(samples);
    if (!latest.hasEarlierRuns()) return found;
    const all: (Series | undefined)[] = [];
    for (const [index, sample] of samples.entries()) all.push(await findEarlier(sample, found[index]));
    return all;
  }

  /**
   * Returns the series in an earlier run if the sample belongs
   * there, else `inLatest`, the one in the latest run.
   */
  async function findEarlier(sample: JobSample, inLatest: Series | undefined): Promise<Series | undefined> {
    const { jobId, timeMs, stamped, sluid } = sample;
    if (sluid !== undefined) {
      const seq = runs.get(sluid)?.pastSeq;
      return seq === undefined ? inLatest : earlier.findRun(sample, seq);
    }
    if (stamped || !latest.isBeforeLatest(jobId, timeMs)) return inLatest;
    return (await earlier.find(sample, timeMs)) ?? inLatest;
  }

  /** Explains why a sample has no series. */
  function refuse({ jobId, node, sluid }: JobSample): AppError {
    if (sluid !== undefined && jobId === '') return runNotFound(sluid);
    if (!latest.hasJob(jobId)) return jobNotFound(jobId);
    return node === undefined ? hasNoNodes() : notANode(node);
  }

  /** Finds repeats in a batch: samples that this batch or an earlier one has stored already. */
  function repeatFinder(samples: readonly JobSample[], found: Found) {
    /** Stored times of each series; undefined until the first sample that may be a repeat. */
    let stored: Map<Series, Set<number>> | undefined;

    /** Looks up all samples of the batch that may be repeats, at once. */
    async function lookUp(): Promise<Map<Series, Set<number>>> {
      const wanted = new Map<Series, Set<number>>();
      for (const [index, sample] of samples.entries()) {
        const series = found[index];
        if (series && mayBeRepeat(series, sample)) timesOf(wanted, series).add(sample.timeMs);
      }
      await appender.flush();
      return findStoredTimes(db, wanted);
    }

    return {
      async isRepeat(series: Series, sample: JobSample): Promise<boolean> {
        stored ??= await lookUp();
        return stored.get(series)?.has(sample.timeMs) ?? false;
      },
      add(series: Series, timeMs: number): void {
        if (stored) timesOf(stored, series).add(timeMs);
      },
    };
  }

  return {
    async record(jobId: string, sample: NewSample): Promise<void> {
      const named = { ...sample, jobId };
      const [series] = await findEach([named]);
      if (!series) throw refuse(named);
      appender.choose(undefined);
      appender.append(series, sample);
    },

    /** Records a batch: one look-up for all series that are not cached. */
    async recordMany({ samples: given, measures }: SampleBatch): Promise<BatchResult> {
      const samples = await addJobs(given);
      const found = await findEach(samples);
      const repeats = repeatFinder(samples, found);
      const refusals: Refusal[] = [];
      appender.choose(measures && nameGpusOnce(measures));
      let stored = 0;
      let refused = 0;
      for (const [index, sample] of samples.entries()) {
        const series = found[index];
        if (!series) {
          if (++refused > MAX_REFUSALS) continue;
          const { code, message } = refuse(sample);
          refusals.push({ index, error: code as Refusal['error'], message });
        } else if (!mayBeRepeat(series, sample) || !(await repeats.isRepeat(series, sample))) {
          appender.append(series, sample, index);
          repeats.add(series, sample.timeMs);
          stored++;
        }
      }
      return { stored, repeated: samples.length - stored - refused, refused, refusals };
    },

    /** Writes recorded samples to the database. */
    async flush(): Promise<void> {
      await appender.flush();
      latest.makeRoom();
      earlier.forget();
    },

    /** Drops recorded samples; must be called after a rollback. */
    forget(): void {
      appender.forget();
      earlier.forget();
    },
  };
}
