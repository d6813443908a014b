import { formatCount, formatMb, formatSeconds } from '../domain/figures.ts';
import { type Job, runtimeSeconds } from '../domain/job.ts';

/** Describes the state of a run in the scheduler's word, where there is one: `out of memory`. */
export const describeState = ({ state, details }: Job): string =>
  (details?.rawState ?? state).toLowerCase().replaceAll('_', ' ');

/** Returns whose a run is and what it holds, part by part; what is not known is left out. */
export function holdingsOf({ user, nodes, details = {} }: Job): string[] {
  const { account, partition, nodeCount = 0, cpus, gpus, memoryLimitMb } = details;
  return present([
    `user ${user}`,
    account && `account ${account}`,
    partition && `partition ${partition}`,
    formatCount(nodes.length || nodeCount, 'node'),
    cpus !== undefined && formatCount(cpus, 'CPU'),
    memoryLimitMb !== undefined && formatMb(memoryLimitMb),
    gpus && formatCount(gpus, 'GPU'),
  ]);
}

/** Returns the life of a run, part by part. */
export function lifeOf(job: Job, nowMs: number, formatTime: (timeMs: number) => string): string[] {
  const { startTimeMs, endTimeMs, details: { submitTimeMs, timeLimitSeconds } = {} } = job;
  const waited =
    submitTimeMs === undefined ? undefined : ((startTimeMs ?? endTimeMs ?? nowMs) - submitTimeMs) / 1000;
  const limit = timeLimitSeconds === undefined ? '' : ` of ${formatSeconds(timeLimitSeconds)}`;
  return present([
    submitTimeMs !== undefined && `submitted ${formatTime(submitTimeMs)}`,
    waited !== undefined && `waited ${formatSeconds(waited)}`,
    startTimeMs !== undefined && `started ${formatTime(startTimeMs)}`,
    startTimeMs !== undefined && `ran ${formatSeconds(secondsOf(job, nowMs))}${limit}`,
  ]);
}

const present = (parts: readonly (string | number | false | undefined)[]): string[] =>
  parts.filter((part) => typeof part === 'string' && part !== '') as string[];

/** Returns how long a run has run, or ran; 0 if it has not started. */
export const secondsOf = ({ startTimeMs, endTimeMs, details }: Job, nowMs: number): number =>
  startTimeMs === undefined ? 0 : runtimeSeconds(startTimeMs, endTimeMs, nowMs, details?.suspendedSeconds);
