import type { StoreReads } from './reads.ts';

/** How old the size may be: measuring it looks at every file of the tables. */
const MAX_AGE_MS = 30_000;

const SELECT = `SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint AS bytes FROM pg_class
  WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'`;

/** Measures the tables of the database. Asking for the size starts a measurement if the last one is old. */
export function databaseSize(reads: StoreReads) {
  let bytes = 0;
  let measuredMs = Number.NEGATIVE_INFINITY;

  async function measure(): Promise<void> {
    measuredMs = performance.now();
    const row = await reads.read((db) => db.get<{ bytes: number }>(SELECT));
    bytes = row?.bytes ?? bytes;
  }

  return {
    /** Returns the size as it was measured last; 0 before the first measurement. */
    bytes(): number {
      // The old size remains while the server cannot be asked.
      if (performance.now() - measuredMs > MAX_AGE_MS) measure().catch(() => {});
      return bytes;
    },
  };
}
