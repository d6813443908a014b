import { Elysia } from 'elysia';
import {
  HOOK_CALLED,
  HookEventBody,
  JOB_FINISHED,
  JOB_STARTED,
  JobFinishedBody,
  JobStartedBody,
  type ProcessedAnswer,
  renderProcessed,
} from '../../api/hook-event.ts';
import { AppError, invalid, quote } from '../../domain/errors.ts';
import { hasEnded, type JobState } from '../../domain/job.ts';
import type { Report } from '../../domain/report.ts';
import type { BatchResult } from '../../domain/store/batch.ts';
import type { RecordReports } from '../../domain/store/runs.ts';
import { formatTime, requirePastTime } from '../../domain/time.ts';
import { bodyCheck } from '../request/body-check.ts';
import { describe } from '../response/operation.ts';

export interface HookOptions {
  readonly recordReports: RecordReports;
  readonly now: () => number;
  /** Expands lists such as `node[01-04]` to names, each once; at most 100,000 in all. `validation_error`. */
  readonly expandLists: (lists: readonly string[]) => readonly string[];
  /** Reads what a hook wrote into the file of this name. `validation_error`. */
  readonly readHookCall: (file: string, variables: ReadonlyMap<string, string>) => Report;
}

const checkStart = bodyCheck(JobStartedBody);
const checkFinish = bodyCheck(JobFinishedBody);
const checkHook = bodyCheck(HookEventBody);

/** Stores what hook scripts post when a job starts and ends. */
export const hooks = ({ recordReports, now, expandLists, readHookCall }: HookOptions) => {
  const timeOf = (timestamp: string | undefined) =>
    timestamp === undefined ? now() : requirePastTime('timestamp', timestamp, now());

  async function store(report: Report, what: string): Promise<ProcessedAnswer> {
    const { stored } = requireAccepted(await recordReports('hook', [report]));
    return renderProcessed(report.id, `The ${what} ${stored > 0 ? 'is on disk' : 'was known already'}.`);
  }

  return new Elysia({ name: 'hooks', normalize: false })
    .post(
      JOB_STARTED.path,
      ({ body }) => {
        const start = checkStart(body);
        return store(readStart(start, timeOf(start.timestamp), expandLists), 'start');
      },
      { detail: describe(JOB_STARTED) },
    )
    .post(
      JOB_FINISHED.path,
      ({ body }) => {
        const end = checkFinish(body);
        return store(readEnd(end, timeOf(end.timestamp)), 'end');
      },
      { detail: describe(JOB_FINISHED) },
    )
    .post(
      HOOK_CALLED.path,
      ({ body }) => {
        const { file, variables } = checkHook(body);
        const report = readHookCall(file, readVariables(variables));
        requirePastTime('the time of the event', formatTime(report.observedMs), now());
        return store(report, 'event');
      },
      { detail: describe(HOOK_CALLED) },
    );
};

function readVariables(texts: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    texts.map((text) => {
      const equals = text.indexOf('=');
      if (equals < 1) throw invalid(`variables has ${quote(text)}, which is not NAME=value.`);
      return [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

function readStart(
  { job_id, user, node_list, cpu_allocation, gpu_allocation, gpu_devices, sluid }: JobStartedBody,
  timeMs: number,
  expandLists: HookOptions['expandLists'],
): Report {
  const nodes = expandLists(node_list);
  const [node, ...others] = nodes;
  const hasDevices = gpu_devices && gpu_devices.length > 0 && node !== undefined && others.length === 0;
  return {
    source: 'hook',
    observedMs: timeMs,
    id: job_id,
    user,
    state: 'running',
    startTimeMs: timeMs,
    isStartRough: true,
    ...(sluid !== undefined && { sluid }),
    ...(node !== undefined && { nodes }),
    ...(cpu_allocation !== undefined && { cpus: cpu_allocation }),
    ...(gpu_allocation !== undefined && { gpus: gpu_allocation }),
    ...(hasDevices && { allocations: [{ node, gpuIds: gpu_devices }] }),
  };
}

function readEnd({ job_id, final_state, exit_code, signal, sluid }: JobFinishedBody, timeMs: number): Report {
  // A script that asked Slurm too early got the state that the job was about to leave.
  const byExit: JobState = exit_code || signal ? 'failed' : 'completed';
  return {
    source: 'hook',
    observedMs: timeMs,
    id: job_id,
    state: hasEnded(final_state) ? final_state : byExit,
    endTimeMs: timeMs,
    ...(sluid !== undefined && { sluid }),
    ...(exit_code !== undefined && { exitCode: exit_code }),
    ...(signal && { signal }),
  };
}

function requireAccepted(result: BatchResult): BatchResult {
  const [refusal] = result.refusals;
  if (refusal) throw new AppError(refusal.error, refusal.message);
  return result;
}
