import type { Database } from 'bun:sqlite';
import { DETAILS } from '../../../domain/detail.ts';
import type { Detail } from '../../../domain/run.ts';
import { DETAIL_COLUMNS, type DetailRow, detailValues, readDetail } from '../../rows/details.ts';
import { bulkInserter, type Value } from '../sql/insert.ts';
import { laterSluidWriter } from './later-sluids.ts';

const SELECTED = DETAILS.map(({ key, column, kind }) =>
  kind === 'label'
    ? `(SELECT name FROM label WHERE id = detail.${column}) AS ${key}`
    : `detail.${column} AS ${key}`,
);
const COLUMNS = `job, ${SELECTED.join(', ')}, sources, verdict, verdict_ms`;

/** Finds the details of one job by its number; undefined if it has none. */
export function detailFinder(db: Database): (job: number) => Detail | undefined {
  const select = db.query<DetailRow, [number]>(`SELECT ${COLUMNS} FROM detail WHERE job = ?`);
  return (job) => {
    const row = select.get(job);
    return row ? readDetail(row) : undefined;
  };
}

/** Finds the details of jobs by their numbers, given as a JSON array; a job without details is left out. */
export function detailReader(db: Database): (wanted: string) => Map<number, Detail> {
  const select = db.query<DetailRow, [string]>(
    `SELECT ${COLUMNS} FROM json_each(?) AS wanted JOIN detail ON detail.job = wanted.value`,
  );
  return (wanted) => new Map(select.all(wanted).map((row) => [row.job, readDetail(row)]));
}

/** Writes the details of jobs, each with all of its columns. */
export function detailWriter(
  db: Database,
  numberLabel: (name: string) => number,
): (rows: Iterable<readonly [job: number, detail: Detail]>) => void {
  const changes = DETAIL_COLUMNS.slice(1).map((column) => `${column} = excluded.${column}`);
  const save = bulkInserter(
    db,
    `INSERT INTO detail (${DETAIL_COLUMNS.join(', ')})`,
    DETAIL_COLUMNS.length,
    `ON CONFLICT (job) DO UPDATE SET ${changes.join(', ')}`,
  );

  const saveLaterSluids = laterSluidWriter(db);

  return (rows) => {
    const values: Value[] = [];
    for (const [job, detail] of rows) {
      values.push(...detailValues(job, detail, numberLabel));
      saveLaterSluids(job, detail.details.otherSluids);
    }
    save(values);
  };
}
