import type { Database } from 'bun:sqlite';
import { DETAILS } from '../../../domain/detail.ts';
import type { Detail } from '../../../domain/run.ts';
import { NOT_REPORTED, type Verdict } from '../../../domain/trust.ts';
import { bulkInserter, type Value } from '../sql/insert.ts';
import { laterSluidWriter } from './later-sluids.ts';
import { readOrigins, writeOrigins } from './origins.ts';

/** Details whose column has the number of a label, the value itself, or JSON. */
const LABELS = DETAILS.filter((row) => row.kind === 'label');
const LISTS = DETAILS.filter(
  (row) => row.kind === 'allocations' || row.kind === 'identities' || row.kind === 'times',
);
const VALUES = DETAILS.filter(
  (row) => row.kind === 'text' || row.kind === 'identity' || row.kind === 'count' || row.kind === 'time',
);

/** The `sources` of a job whose fields all come from the API, as most do where no scheduler reports. */
const ONLY_API = '';

type DetailRow = Record<string, string | number | null> & {
  readonly job: number;
  readonly sources: string;
  readonly verdict: Verdict;
  readonly verdict_ms: number;
};

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
    return row ? readRow(row) : undefined;
  };
}

/** Finds the details of jobs by their numbers, given as a JSON array; a job without details is left out. */
export function detailReader(db: Database): (wanted: string) => Map<number, Detail> {
  const select = db.query<DetailRow, [string]>(
    `SELECT ${COLUMNS} FROM json_each(?) AS wanted JOIN detail ON detail.job = wanted.value`,
  );
  return (wanted) => new Map(select.all(wanted).map((row) => [row.job, readRow(row)]));
}

function readRow({ job: _, sources, verdict, verdict_ms, ...rest }: DetailRow): Detail {
  const details: Record<string, unknown> = {};
  for (const key in rest) if (rest[key] !== null) details[key] = rest[key];
  for (const { key } of LISTS)
    if (details[key] !== undefined) details[key] = JSON.parse(details[key] as string);
  const fields = sources === ONLY_API ? NOT_REPORTED.fields : readOrigins(sources);
  return { details, provenance: { fields, verdict, verdictMs: verdict_ms } };
}

/** Writes the details of jobs, each with all of its columns. */
export function detailWriter(
  db: Database,
  numberLabel: (name: string) => number,
): (rows: Iterable<readonly [job: number, detail: Detail]>) => void {
  const details = [...LABELS, ...VALUES, ...LISTS].map(({ column }) => column);
  const columns = ['job', ...details, 'sources', 'verdict', 'verdict_ms'];
  const changes = columns.slice(1).map((column) => `${column} = excluded.${column}`);
  const save = bulkInserter(
    db,
    `INSERT INTO detail (${columns.join(', ')})`,
    columns.length,
    `ON CONFLICT (job) DO UPDATE SET ${changes.join(', ')}`,
  );

  const saveLaterSluids = laterSluidWriter(db);

  function addRow(values: Value[], job: number, { details, provenance }: Detail): void {
    values.push(job);
    for (const { key } of LABELS) values.push(details[key] === undefined ? null : numberLabel(details[key]));
    for (const { key } of VALUES) values.push(details[key] ?? null);
    for (const { key } of LISTS) values.push(details[key] ? JSON.stringify(details[key]) : null);
    values.push(
      provenance.fields === NOT_REPORTED.fields ? ONLY_API : writeOrigins(provenance.fields),
      provenance.verdict,
      provenance.verdictMs,
    );
  }

  return (rows) => {
    const values: Value[] = [];
    for (const [job, detail] of rows) {
      addRow(values, job, detail);
      saveLaterSluids(job, detail.details.otherSluids);
    }
    save(values);
  };
}
