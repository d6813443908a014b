import type { Database } from 'bun:sqlite';
import type { ErrorCode } from '../../../domain/errors.ts';
import type { JobPatch, NewJob, PastJob } from '../../../domain/job.ts';
import type { Report } from '../../../domain/report.ts';
import type { NewSample } from '../../../domain/sample.ts';
import type { JobSample } from '../../../domain/store/samples.ts';
import type { Retention } from '../../../domain/store/upkeep.ts';
import { historyWriter } from '../history/retention.ts';
import { jobRowWriter } from '../jobs/row.ts';
import { jobWriter } from '../jobs/write.ts';
import { reportWriter } from '../runs/apply-reports.ts';
import { logWriter } from '../samples/log.ts';
import { sampleWriter } from '../samples/record.ts';
import { targetFinder } from '../samples/series-cache.ts';
import { stateWriter } from '../state.ts';
import type { BatchNames } from './batch-names.ts';

/** One accepted write, on its way to the thread that owns the database. */
export type Write =
  | { readonly kind: 'createJob'; readonly job: NewJob; readonly nowMs: number }
  | { readonly kind: 'createJobs'; readonly jobs: readonly PastJob[] }
  | { readonly kind: 'updateJob'; readonly id: string; readonly patch: JobPatch; readonly nowMs: number }
  | { readonly kind: 'deleteJob'; readonly id: string }
  | { readonly kind: 'applyReports'; readonly reports: readonly Report[] }
  | { readonly kind: 'saveState'; readonly name: string; readonly value: number }
  | { readonly kind: 'recordSample'; readonly jobId: string; readonly sample: NewSample }
  /** `names`: what the samples are of, as the same object when a batch names the same again. */
  | { readonly kind: 'recordSamples'; readonly samples: readonly JobSample[]; readonly names?: BatchNames }
  | { readonly kind: 'expire'; readonly retention: Retention; readonly nowMs: number }
  /** Proves that a commit with this much data is possible. */
  | { readonly kind: 'probe'; readonly bytes: number };

/** How one write of a group ended. `fault` is an error of ours, for the log; `diskError`: the disk refused this one. */
export type Outcome =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'fault' | 'diskError'; readonly message: string };

/** How a group ended: every write by itself, or all refused by the disk. */
export type GroupOutcome =
  | { readonly kind: 'committed'; readonly outcomes: readonly Outcome[]; readonly seconds: number }
  | { readonly kind: 'diskError'; readonly message: string; readonly seconds: number };

/** A request to the writing thread. Its writes are numbered from `firstId` on; an id is never used twice. */
export type ThreadRequest =
  | { readonly kind: 'open'; readonly path: string; readonly cacheBytes?: number | undefined }
  | { readonly kind: 'writes'; readonly firstId: number; readonly writes: readonly Write[] }
  | { readonly kind: 'close' };
export type NoticeLevel = 'info' | 'error';

/** What the writing thread answers; the outcomes of a group are in the order of its `ids`. */
export type ThreadAnswer =
  | { readonly kind: 'opened' }
  | { readonly kind: 'notOpened'; readonly message: string; readonly isForPerson: boolean }
  | { readonly kind: 'notice'; readonly level: NoticeLevel; readonly text: string }
  | { readonly kind: 'group'; readonly ids: readonly number[]; readonly outcome: GroupOutcome }
  | { readonly kind: 'closed' };

/** Jobs and samples that a write carries; what looks after the database itself carries none. */
export function rowsOf(write: Write): number {
  if (write.kind === 'createJobs') return write.jobs.length;
  if (write.kind === 'applyReports') return write.reports.length;
  if (write.kind === 'recordSamples') return write.samples.length;
  return write.kind === 'probe' || write.kind === 'expire' ? 0 : 1;
}

export interface WriteApplier {
  /** Applies one write inside the transaction of its group; throws AppError when a rule refuses it. */
  apply(write: Write): unknown;
  /** Has to be called before the group is committed. */
  flush(): void;
  /** Has to be told that the transaction was rolled back. */
  forget(): void;
}

export function writeApplier(db: Database): WriteApplier {
  const targets = targetFinder(db);
  const rows = jobRowWriter(db);
  const jobs = jobWriter(db, rows);
  const reports = reportWriter(db, rows);
  const saveState = stateWriter(db);
  const log = logWriter(db);
  const samples = sampleWriter(db, targets, log);
  const history = historyWriter(db, log, { rows, onJobsDeleted: targets.forget });
  const probe = db.query('INSERT OR REPLACE INTO probe (id, filler) VALUES (1, zeroblob(?))');

  /** What is remembered of jobs has to stay right, whatever is written. */
  function forgetChanged(write: Write): void {
    switch (write.kind) {
      // New jobs were not known, samples change what is remembered themselves, and the others are about no job.
      case 'createJob':
      case 'createJobs':
      case 'recordSample':
      case 'recordSamples':
      case 'expire':
      case 'saveState':
      case 'probe':
        return;
      case 'updateJob':
      case 'deleteJob':
        targets.forgetJob(write.id);
        return;
      case 'applyReports':
        for (const { id } of write.reports) targets.forgetJob(id);
        return;
      default:
        targets.forget();
    }
  }

  function applyWrite(write: Write): unknown {
    switch (write.kind) {
      case 'createJob':
        return jobs.create(write.job, write.nowMs);
      case 'createJobs':
        return jobs.createMany(write.jobs);
      case 'updateJob':
        return jobs.update(write.id, write.patch, write.nowMs);
      case 'deleteJob':
        return jobs.delete(write.id);
      case 'applyReports':
        return reports.record(write.reports);
      case 'saveState':
        return saveState(write.name, write.value);
      case 'recordSample':
        return samples.record(write.jobId, write.sample);
      case 'recordSamples':
        return samples.recordMany(write.samples, write.names);
      case 'expire':
        return history.expire(write.retention, write.nowMs);
      case 'probe':
        return void probe.run(write.bytes);
    }
  }

  return {
    apply(write) {
      // The samples of a group go into the database together; everything else finds them there.
      if (write.kind !== 'recordSample' && write.kind !== 'recordSamples') samples.flush();
      forgetChanged(write);
      return applyWrite(write);
    },
    flush() {
      samples.flush();
      rows.flush();
    },
    forget() {
      rows.forget();
      targets.forget();
      samples.forget();
      history.forget();
    },
  };
}
