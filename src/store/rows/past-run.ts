import { defined } from '../../domain/defined.ts';
import { hasEnded, type Job } from '../../domain/job.ts';
import type { Run } from '../../domain/run.ts';
import { combineUsage, type Usage } from '../../domain/sample.ts';
import { describeDetail } from './job.ts';
import { readOrigins, writeOrigins } from './origins.ts';

/** Parses what `formatRun` wrote. The keys of the JSON are those of `Run`: renaming one needs a migration. */
export function parseRun(text: string): Run {
  const run = JSON.parse(text);
  return { ...run, provenance: { ...run.provenance, fields: readOrigins(run.provenance.fields) } };
}

/** Formats a run as `past_run.run` stores it. */
export const formatRun = (run: Run): string =>
  JSON.stringify({
    ...run,
    provenance: { ...run.provenance, fields: writeOrigins(run.provenance.fields) },
  });

/** A run by the number of its samples, with its nodes in the order of the job. */
export interface FoundRun {
  readonly seq: number;
  readonly nodes: readonly string[];
}

/** Sorts rows of nodes in the order of a run; nodes that it no longer has come last, by name. */
export function inOrderOf<Row>(
  nodes: readonly string[],
  rows: readonly Row[],
  nameOf: (row: Row) => string,
): Row[] {
  const places = new Map(nodes.map((node, place) => [node, place]));
  const placeOf = (row: Row) => places.get(nameOf(row)) ?? nodes.length;
  return rows.toSorted(
    (one, other) => placeOf(one) - placeOf(other) || (nameOf(one) < nameOf(other) ? -1 : 1),
  );
}

/** Returns an earlier run as a job. */
export function jobOfRun(id: string, run: Run, usage: readonly Usage[]): Job {
  const { user = '', nodes = [], state, startTimeMs, endTimeMs, provenance, ...details } = run;
  return defined<Job>({
    id,
    user,
    nodes,
    state,
    startTimeMs,
    endTimeMs,
    ...combineUsage(usage),
    ...describeDetail({ details, provenance }, hasEnded(state)),
  });
}
