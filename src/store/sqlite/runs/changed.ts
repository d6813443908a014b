import type { Database } from 'bun:sqlite';
import type { Owner } from '../../../domain/sight.ts';
import { ownerReader } from '../jobs/owners.ts';
import { namedRunFinder } from './sluid.ts';

/** About a millisecond of look-ups. */
const STEP = 250;

/** Yields whose the latest runs of jobs are, in one batch at the end. Unknown jobs are left out. */
export function* readOwners(
  db: Database,
  ids: readonly string[],
): Generator<ReadonlyMap<string, Owner> | undefined, void> {
  const owners = ownerReader(db);
  const found = new Map<string, Owner>();
  for (const [index, id] of ids.entries()) {
    const owner = owners.latest(id);
    if (owner) found.set(id, owner);
    if (index % STEP === STEP - 1) yield undefined;
  }
  yield found;
}

/** Yields the jobs of runs by their SLUIDs, in one batch at the end. Unknown runs are left out. */
export function* readJobsOfRuns(
  db: Database,
  sluids: readonly string[],
): Generator<ReadonlyMap<string, string> | undefined, void> {
  const runs = namedRunFinder(db);
  const found = new Map<string, string>();
  for (let at = 0; at < sluids.length; at += STEP) {
    const step = sluids.slice(at, at + STEP);
    runs.lookUp(step);
    for (const sluid of step) {
      const run = runs.get(sluid);
      if (run) found.set(sluid, run.jobId);
    }
    yield undefined;
  }
  yield found;
}
