import type { Database } from 'bun:sqlite';
import { type AppError, jobNotFound, runNotFound } from '../../../domain/errors.ts';
import { hasNoNodes, type NewSample, notANode } from '../../../domain/sample.ts';
import { type BatchResult, MAX_REFUSALS, type Refusal } from '../../../domain/store/batch.ts';
import type { JobSample } from '../../../domain/store/samples.ts';
import { namedRunFinder } from '../runs/sluid.ts';
import { arrivalWriter } from './append.ts';
import type { BatchNames } from './batch-names.ts';
import { earlierTargetFinder } from './earlier-run.ts';
import type { LogWriter } from './log.ts';
import { storedFinder } from './repeats.ts';
import type { Target, TargetFinder } from './series-cache.ts';

/** Writes samples inside the transaction of the group; `flush` has to be called before anything else reads or changes it. */
export function sampleWriter(db: Database, latest: TargetFinder, log: LogWriter) {
  const arrivals = arrivalWriter(db, log);
  const findStored = storedFinder(db, log);
  const earlier = earlierTargetFinder(db);

  const runs = namedRunFinder(db);

  /** The samples with the jobs of their runs, where those are named by SLUIDs; one of no known run has no job. */
  function nameJobs(samples: readonly JobSample[]): readonly JobSample[] {
    if (!samples.some(({ sluid }) => sluid !== undefined)) return samples;
    runs.lookUp(samples.flatMap(({ sluid }) => sluid ?? []));
    return samples.map((sample) =>
      sample.sluid === undefined ? sample : { ...sample, jobId: runs.get(sample.sluid)?.jobId ?? '' },
    );
  }

  /**
   * The targets of samples, in their order: those of the run that is named, and else of the latest run, or of the one in whose
   * time a sample lies.
   */
  function findTargets(samples: readonly JobSample[], names?: BatchNames): readonly (Target | undefined)[] {
    const found = latest.find(samples, names);
    if (!latest.hasEarlierRuns()) return found;
    const targets = [...found];
    for (const [index, sample] of samples.entries()) targets[index] = findEarlier(sample, targets[index]);
    return targets;
  }

  /** The target of a sample that may be of an earlier run; `target` is that of the latest. */
  function findEarlier(sample: JobSample, target: Target | undefined): Target | undefined {
    const { jobId, timeMs, stamped, sluid } = sample;
    if (sluid !== undefined) {
      const seq = runs.get(sluid)?.pastSeq;
      return seq === undefined ? target : earlier.findRun(sample, seq);
    }
    if (stamped || !latest.isBeforeLatest(jobId, timeMs)) return target;
    return earlier.find(sample, timeMs) ?? target;
  }

  /** Says what is wrong with a sample that has no target. */
  function refuse({ jobId, node, sluid }: JobSample): AppError {
    if (sluid !== undefined && jobId === '') return runNotFound(sluid);
    if (!latest.hasJob(jobId)) return jobNotFound(jobId);
    return node === undefined ? hasNoNodes() : notANode(node);
  }

  /** Tells whether a sample of a batch has been stored before, by an earlier batch or by the same one. */
  function repeatFinder(samples: readonly JobSample[], found: readonly (Target | undefined)[]) {
    /** Undefined until the first sample that may be a repeat: all of the batch are looked up with it. */
    let known: Map<Target, Set<number>> | undefined;

    function lookUp(): Map<Target, Set<number>> {
      const wanted = new Map<Target, Set<number>>();
      for (const [index, sample] of samples.entries()) {
        const target = found[index];
        if (target && mayBeRepeat(target, sample)) timesOf(wanted, target).add(sample.timeMs);
      }
      arrivals.flush();
      return findStored(wanted);
    }

    return {
      isRepeat(target: Target, sample: JobSample): boolean {
        // Nearly all samples are newer than everything known, and cost no look-up.
        if (!mayBeRepeat(target, sample)) return false;
        known ??= lookUp();
        return known.get(target)?.has(sample.timeMs) ?? false;
      },
      add(target: Target, timeMs: number): void {
        if (known) timesOf(known, target).add(timeMs);
      },
    };
  }

  return {
    record(jobId: string, sample: NewSample): void {
      const named = { ...sample, jobId };
      const [target] = findTargets([named]);
      if (!target) throw refuse(named);
      arrivals.append(target, sample);
    },

    /**
     * A batch costs one look-up for all its jobs and nodes that are not remembered, and one change of usage for each of
     * them, however many samples it brings.
     */
    recordMany(given: readonly JobSample[], names?: BatchNames): BatchResult {
      const samples = nameJobs(given);
      const found = findTargets(samples, samples === given ? names : undefined);
      const repeats = repeatFinder(samples, found);
      const refusals: Refusal[] = [];
      let [stored, refused] = [0, 0];
      for (let index = 0; index < samples.length; index++) {
        const sample = samples[index]!;
        const target = found[index];
        if (!target) {
          if (++refused > MAX_REFUSALS) continue;
          const { code, message } = refuse(sample);
          refusals.push({ index, error: code as Refusal['error'], message });
        } else if (!repeats.isRepeat(target, sample)) {
          arrivals.append(target, sample);
          repeats.add(target, sample.timeMs);
          stored++;
        }
      }
      return { stored, repeated: samples.length - stored - refused, refused, refusals };
    },

    /** Writes what has been recorded; until then it is only remembered. */
    flush(): void {
      arrivals.flush();
      latest.makeRoom();
      earlier.forget();
      runs.forget();
    },

    /** The transaction has been rolled back. */
    forget(): void {
      arrivals.forget();
      log.forget();
      earlier.forget();
      runs.forget();
    },
  };
}

/** One that is stamped never is; one that is older or newer than all others cannot be. */
const mayBeRepeat = ({ oldestMs, newestMs }: Target, { timeMs, stamped }: NewSample): boolean =>
  !stamped && oldestMs !== null && newestMs !== null && timeMs >= oldestMs && timeMs <= newestMs;

function timesOf(all: Map<Target, Set<number>>, target: Target): Set<number> {
  const times = all.get(target) ?? new Set();
  all.set(target, times);
  return times;
}
