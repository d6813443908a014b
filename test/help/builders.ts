import { AppError } from '../../src/domain/errors.ts';
import type { PastJob } from '../../src/domain/job.ts';
import type { NewSample } from '../../src/domain/sample.ts';
import { NOON_MS } from './clock.ts';

export const MINUTE_MS = 60_000;

/** Builds a job of the past: alice's on n1, running since noon. */
export function pastJob(id: string, fields: Partial<PastJob> = {}): PastJob {
  return { id, user: 'alice', nodes: ['n1'], state: 'running', startTimeMs: NOON_MS, ...fields };
}

/** Builds a sample `atMs` after noon that the server stamped; pass `stamped: false` for a back-filled one. */
export function sample(atMs: number, fields: Partial<NewSample> = {}): NewSample {
  return { timeMs: NOON_MS + atMs, cpuUsage: 50, memoryUsageMb: 1000, stamped: true, ...fields };
}

/** Returns the code of the AppError that a call rejects with, or `none`; rethrows any other error. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'none';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}
