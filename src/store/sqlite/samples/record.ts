import type { Database } from 'bun:sqlite';
import { type AppError, jobNotFound, runNotFound } from '../../../domain/errors.ts';
import { hasNoNodes, type NewSample, notANode } from '../../../domain/sample.ts';
import { type BatchResult, MAX_REFUSALS, type Refusal } from '../../../domain/store/batch.ts';
import type { JobSample } from '../../../domain/store/samples.ts';
import { mayBeRepeat, type Series, timesOf } from '../../rows/series.ts';
import type { BatchNames } from '../../writer/batch-names.ts';
import type { SeriesCache } from '../../writer/series-cache.ts';
import type { SampleBatch } from '../../writer/write.ts';
import { namedRunFinder } from '../runs/sluid.ts';
import { sampleAppender } from './append.ts';
import { earlierSeriesFinder } from './earlier-run.ts';
import type { LogWriter } from './log.ts';
import { storedTimesFinder } from './repeats.ts';

/**
 * Records samples inside the transaction of the group. `flush` must be called before anything else reads or
 * changes their tables.
 */
export function sampleWriter(
  db: Database,
  latest: SeriesCache,
  log: LogWriter,
  onMeasured: (jobs: readonly number[]) => void,
) {
  const appender = sampleAppender(db, log, onMeasured);
  const findStored = storedTimesFinder(db, log);
  const earlier = earlierSeriesFinder(db);
  const runs = namedRunFinder(db);

  /** Adds the job to samples that name their run by SLUID; the job of an unknown run is ''. */
  function addJobs(samples: readonly JobSample[]): readonly JobSample[] {
    if (!samples.some(({ sluid }) => sluid !== undefined)) return samples;
    runs.lookUp(samples.flatMap(({ sluid }) => sluid ?? []));
    return samples.map((sample) =>
      sample.sluid === undefined ? sample : { ...sample, jobId: runs.get(sample.sluid)?.jobId ?? '' },
    );
  }

  /** Finds the series of each sample: in the run that it names, else in the run in whose time it lies. */
  function findSeries(samples: readonly JobSample[], names?: BatchNames): readonly (Series | undefined)[] {
    const found = latest.find(samples, names);
    if (!latest.hasEarlierRuns()) return found;
    return samples.map((sample, index) => findEarlier(sample, found[index]));
  }

  /**
   * Returns the series in an earlier run if the sample belongs
   * there, else `inLatest`, the one in the latest run.
   */
  function findEarlier(sample: JobSample, inLatest: Series | undefined): Series | undefined {
    const { jobId, timeMs, stamped, sluid } = sample;
    if (sluid !== undefined) {
      const seq = runs.get(sluid)?.pastSeq;
      return seq === undefined ? inLatest : earlier.findRun(sample, seq);
    }
    if (stamped || !latest.isBeforeLatest(jobId, timeMs)) return inLatest;
    return earlier.find(sample, timeMs) ?? inLatest;
  }

  /** Explains why a sample has no series. */
  function refuse({ jobId, node, sluid }: JobSample): AppError {
    if (sluid !== undefined && jobId === '') return runNotFound(sluid);
    if (!latest.hasJob(jobId)) return jobNotFound(jobId);
    return node === undefined ? hasNoNodes() : notANode(node);
  }

  /** Finds repeats in a batch: samples that this batch or an earlier one has stored already. */
  function repeatFinder(samples: readonly JobSample[], found: readonly (Series | undefined)[]) {
    /** Stored times of each series; undefined until the first sample that may be a repeat. */
    let stored: Map<Series, Set<number>> | undefined;

    /** Looks up all samples of the batch that may be repeats, at once. */
    function lookUp(): Map<Series, Set<number>> {
      const wanted = new Map<Series, Set<number>>();
      for (const [index, sample] of samples.entries()) {
        const series = found[index];
        if (series && mayBeRepeat(series, sample)) timesOf(wanted, series).add(sample.timeMs);
      }
      appender.flush();
      return findStored(wanted);
    }

    return {
      isRepeat(series: Series, sample: JobSample): boolean {
        if (!mayBeRepeat(series, sample)) return false;
        stored ??= lookUp();
        return stored.get(series)?.has(sample.timeMs) ?? false;
      },
      add(series: Series, timeMs: number): void {
        if (stored) timesOf(stored, series).add(timeMs);
      },
    };
  }

  return {
    record(jobId: string, sample: NewSample): void {
      const named = { ...sample, jobId };
      const [series] = findSeries([named]);
      if (!series) throw refuse(named);
      appender.choose(undefined);
      appender.append(series, sample);
    },

    /**
     * Records a batch: one look-up for all series that are
     * not cached, and one change of `latest` for each series.
     */
    recordMany({ samples: given, names, further }: SampleBatch): BatchResult {
      const samples = addJobs(given);
      const found = findSeries(samples, samples === given ? names : undefined);
      const repeats = repeatFinder(samples, found);
      const refusals: Refusal[] = [];
      appender.choose(further);
      let stored = 0;
      let refused = 0;
      for (let index = 0; index < samples.length; index++) {
        const sample = samples[index]!;
        const series = found[index];
        if (!series) {
          if (++refused > MAX_REFUSALS) continue;
          const { code, message } = refuse(sample);
          refusals.push({ index, error: code as Refusal['error'], message });
        } else if (!repeats.isRepeat(series, sample)) {
          appender.append(series, sample, index);
          repeats.add(series, sample.timeMs);
          stored++;
        }
      }
      return { stored, repeated: samples.length - stored - refused, refused, refusals };
    },

    /** Writes recorded samples to the database. */
    flush(): void {
      appender.flush();
      latest.makeRoom();
      earlier.forget();
      runs.forget();
    },

    /** Drops recorded samples; must be called after a rollback. */
    forget(): void {
      appender.forget();
      log.forget();
      earlier.forget();
      runs.forget();
    },
  };
}
