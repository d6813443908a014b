import type { JobFigureName, PolicyJob } from './figures.ts';
import { figureOf } from './figures.ts';
import type { Policy } from './policy.ts';

/** A job that was read is read again after this at the latest. */
export const LONGEST_REST_MS = 5 * 60_000;
const MINUTE_MS = 60_000;

/**
 * Remembers when running jobs are to be read again. Reading the samples of one takes some milliseconds of a
 * core, and between two bounds of policies nothing happens to a job that idles. It only spares reads: without
 * it every job is due.
 */
export function lookMemory() {
  let dueMs = new Map<string, number>();
  return {
    /** Returns the jobs that are due, the longest due first, and forgets those that are not in the list. */
    due<Candidate extends { readonly id: string }>(
      candidates: readonly Candidate[],
      nowMs: number,
    ): Candidate[] {
      const known = dueMs;
      dueMs = new Map();
      const due: { candidate: Candidate; sinceMs: number }[] = [];
      for (const candidate of candidates) {
        const sinceMs = known.get(candidate.id) ?? 0;
        if (sinceMs > 0) dueMs.set(candidate.id, sinceMs);
        // A clock that went back makes all of them due.
        if (sinceMs <= nowMs || sinceMs > nowMs + LONGEST_REST_MS) due.push({ candidate, sinceMs });
      }
      return due.sort((one, other) => one.sinceMs - other.sinceMs).map(({ candidate }) => candidate);
    },

    /** A job was read: it is due when it may reach the next bound of a policy. */
    read(facts: PolicyJob, policies: readonly Policy[]): void {
      dueMs.set(facts.job.id, facts.nowMs + restOf(facts, policies));
    },
  };
}

export type LookMemory = ReturnType<typeof lookMemory>;

function restOf(facts: PolicyJob, policies: readonly Policy[]): number {
  let restMs = LONGEST_REST_MS;
  for (const { figure, bound } of policies.flatMap(({ job }) => job)) {
    if (!figure.endsWith('_idle_minutes')) continue;
    const idle = figureOf(facts, figure as JobFigureName);
    if (idle !== undefined && idle < bound) restMs = Math.min(restMs, (bound - idle) * MINUTE_MS);
  }
  return restMs;
}
