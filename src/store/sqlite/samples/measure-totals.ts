import type { Database } from 'bun:sqlite';
import { joinMeasures, totalMeasures } from '../../../domain/measure-summary.ts';
import type { SampleColumns } from '../../../domain/readings.ts';
import { packTotals } from '../../chunk/measure-totals.ts';
import { readTotals } from '../../rows/totals.ts';

/** Adds the further measures of sealed samples to what is kept of them for ever. */
export function measureTotalsWriter(db: Database) {
  const select = db.query<{ usage: number; data: Uint8Array | null }, [number, number]>(
    `SELECT usage.id AS usage, data FROM usage LEFT JOIN sealed_measures ON sealed_measures.usage = usage.id
      WHERE job = ? AND node = ?`,
  );
  const upsert = db.query(
    'INSERT INTO sealed_measures (usage, data) VALUES (?, ?) ON CONFLICT DO UPDATE SET data = excluded.data',
  );
  return (job: number, node: number, { further }: SampleColumns): void => {
    const added = totalMeasures(further);
    if (added.length === 0) return;
    const { usage, data } = select.get(job, node)!;
    const known = readTotals(data);
    // Damaged totals stay, because new ones in their place would be too small and look whole.
    if (known) upsert.run(usage, packTotals(joinMeasures(known, added)));
  };
}
