import type { Database } from 'bun:sqlite';
import { LatestMeasures } from '../../rows/latest-measures.ts';
import { bulkInserter } from '../sql/insert.ts';

/** Keeps the newest further measures of series; `save` writes them inside the transaction of the group. */
export function latestMeasureWriter(db: Database): LatestMeasures & { save(): void } {
  const upsert = bulkInserter(
    db,
    'INSERT INTO latest_measures (usage, data)',
    2,
    'ON CONFLICT (usage) DO UPDATE SET data = excluded.data',
  );
  const latest = new LatestMeasures();
  return Object.assign(latest, { save: () => upsert(latest.take().flat()) });
}

/** Returns a function that drops the newest measures of a series whose run has ended. */
export function latestMeasureDropper(db: Database): (run: number, node: number) => void {
  const drop = db.query(
    `DELETE FROM latest_measures WHERE usage = (SELECT id FROM usage WHERE job = ?1 AND node = ?2)
        AND NOT EXISTS (SELECT 1 FROM job WHERE seq = ?1 AND end_time IS NULL)`,
  );
  return (run, node) => void drop.run(run, node);
}
