import { DETAILS } from '../../../domain/detail.ts';
import type { Detail } from '../../../domain/run.ts';
import { DETAIL_COLUMNS, type DetailRow, detailValues, readDetail } from '../../rows/details.ts';
import { bulkInserter, type Column, replacing } from '../sql/insert.ts';
import type { Queries, Writing } from '../sql/queries.ts';
import { laterSluidWriter } from './later-sluids.ts';

const SELECTED = DETAILS.map(({ key, column, kind }) =>
  kind === 'label'
    ? `(SELECT name FROM label WHERE id = detail.${column}) AS "${key}"`
    : `detail.${column} AS "${key}"`,
);
const COLUMNS = `job, ${SELECTED.join(', ')}, sources, verdict, verdict_ms`;

/** Finds the details of jobs by their numbers; a job without details is left out. */
export async function readDetails(db: Queries, jobs: readonly number[]): Promise<Map<number, Detail>> {
  const rows = await db.all<DetailRow>(`SELECT ${COLUMNS} FROM detail WHERE job = ANY($1::bigint[])`, [jobs]);
  return new Map(rows.map((row) => [row.job, readDetail(row)]));
}

/** Finds the details of one job; undefined if it has none. */
export const findDetail = async (db: Queries, job: number): Promise<Detail | undefined> =>
  (await readDetails(db, [job])).get(job);

const TYPES: ReadonlyMap<string, string> = new Map(
  DETAILS.map(({ column, kind }) => [
    column,
    kind === 'label' ? 'integer' : kind === 'count' || kind === 'time' ? 'bigint' : 'text',
  ]),
);
const WRITTEN: readonly Column[] = DETAIL_COLUMNS.map((name) => [
  name,
  name === 'job' || name === 'verdict_ms' ? 'bigint' : (TYPES.get(name) ?? 'text'),
]);

/** Writes the details of jobs, each with all of its columns. */
export function detailWriter(
  db: Writing,
  numberLabel: (name: string) => number,
): (rows: readonly (readonly [job: number, detail: Detail])[]) => void {
  const save = bulkInserter(db, 'detail', WRITTEN, replacing('job', WRITTEN));
  const saveLaterSluids = laterSluidWriter(db);
  return (rows) => {
    save(rows.map(([job, detail]) => detailValues(job, detail, numberLabel)));
    for (const [job, detail] of rows) saveLaterSluids(job, detail.details.otherSluids);
  };
}
