import type { Database } from 'bun:sqlite';
import { SEVERITIES } from '../../../domain/finding/severity.ts';
import type { FoundRun } from '../../rows/judged.ts';
import { RUNNING } from '../../rows/states.ts';
import { nameNumberers } from '../sql/names.ts';

/** Keeps what rules find of running jobs, inside the transaction of the group. */
export function runningFindingKeeper(db: Database) {
  const names = nameNumberers(db);
  const selectRuns = db.query<unknown, [number]>(`SELECT 1 FROM job WHERE seq = ? AND state = ${RUNNING}`);
  const remove = db.query('DELETE FROM running_finding WHERE run = ?');
  const insert = db.query('INSERT INTO running_finding (run, kind, severity) VALUES (?, ?, ?)');
  return {
    /** Replaces what is kept of runs. One that has ended meanwhile is left out. */
    keep(found: readonly FoundRun[]): void {
      for (const { run, findings } of found) {
        if (!selectRuns.get(run)) continue;
        remove.run(run);
        for (const { kind, severity } of findings)
          insert.run(run, names.numberLabel(kind), SEVERITIES.indexOf(severity));
      }
    },

    /** Must be called after a rollback. */
    forget: names.forget,
  };
}
