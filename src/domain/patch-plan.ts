import type { JobDetails } from './detail.ts';
import { changeState, type JobLife, type JobPatch } from './job.ts';
import { type Change, type PlannedEvent, replacedBy } from './news.ts';
import type { Detail } from './run.ts';
import { hasNoNodes } from './sample.ts';
import { type Tally, tallyRun } from './throughput.ts';
import { NOT_REPORTED } from './trust.ts';

/** What a patch depends on of a stored job. */
export interface KnownJob {
  readonly life: JobLife;
  readonly hasNodes: boolean;
  /** Undefined while nothing but the job's row is known. */
  readonly detail: Detail | undefined;
}

/** The usage that a patch sets: of the first node what is not null, which is blanked on all other nodes. */
export interface UsagePatch {
  readonly cpuUsage: number | null;
  readonly memoryUsageMb: number | null;
  readonly gpuUsage: number | null;
}

/** What an engine writes to carry out a patch, all in one transaction. */
interface PatchPlan {
  readonly life: JobLife | undefined;
  readonly detail: Detail | undefined;
  readonly usage: UsagePatch | undefined;
  readonly event: PlannedEvent | undefined;
  readonly tally: Tally;
}

/** Decides what a patch changes. Throws `validation_error` for usage of a job without nodes. */
export function planPatch(known: KnownJob, patch: JobPatch, nowMs: number): PatchPlan {
  const { state, details } = patch;
  const usage = usageOf(patch);
  if (usage && !known.hasNodes) throw hasNoNodes();
  const life = state === undefined ? undefined : changeState(known.life, state, nowMs);
  const change = { ...(life && newsOfLife(known.life, life)), ...details };
  const before = { ...known.detail?.details, ...timesOf(known.life) };
  return {
    life,
    detail: planDetail(known.detail, details, life !== undefined),
    usage,
    event: Object.keys(change).length === 0 ? undefined : planEvent(change, before, nowMs),
    tally: life ? tallyRun([before], { ...known.detail?.details, ...details, ...timesOf(life) }, nowMs) : {},
  };
}

function usageOf({ cpuUsage, memoryUsageMb, gpuUsage }: JobPatch): UsagePatch | undefined {
  if (cpuUsage === undefined && memoryUsageMb === undefined && gpuUsage === undefined) return undefined;
  return {
    cpuUsage: cpuUsage ?? null,
    memoryUsageMb: memoryUsageMb ?? null,
    gpuUsage: gpuUsage ?? null,
  };
}

/** Adds details. They do not become more trusted by that; a state that the API sets is its own verdict. */
function planDetail(
  known: Detail | undefined,
  added: JobDetails | undefined,
  isMoved: boolean,
): Detail | undefined {
  if (!known && !added) return undefined;
  if (!added && !isMoved) return undefined;
  const { details = {}, provenance = NOT_REPORTED } = known ?? {};
  return {
    details: { ...details, ...added },
    provenance: isMoved ? { ...provenance, verdict: NOT_REPORTED.verdict } : provenance,
  };
}

function newsOfLife(before: JobLife, after: JobLife): Change {
  return {
    ...(before.state !== after.state && { state: after.state }),
    ...(!before.hasStarted && after.hasStarted && { startTimeMs: after.startTimeMs }),
    ...(before.endTimeMs !== after.endTimeMs && { endTimeMs: after.endTimeMs ?? null }),
  };
}

const planEvent = (
  change: Change,
  before: Readonly<Record<string, unknown>>,
  nowMs: number,
): PlannedEvent => ({
  timeMs: nowMs,
  source: 'api',
  change,
  was: replacedBy(change, before),
});

/** Returns the life of a job as the fields of a run. */
const timesOf = ({ state, startTimeMs, hasStarted, endTimeMs }: JobLife) => ({
  state,
  startTimeMs: hasStarted ? startTimeMs : undefined,
  endTimeMs,
});
