import type { Database } from 'bun:sqlite';
import type { JobDetails } from '../../../domain/detail.ts';
import { NOT_REPORTED, type Provenance } from '../../../domain/run.ts';
import { readRanks, writeRanks } from '../runs/ranks.ts';

/** The columns of `detail` that hold the number of a label, and the ones that hold the value itself. */
const LABELS = ['cluster', 'account', 'partition', 'qos'] as const;
const VALUES = [
  ['name', 'name'],
  ['submit_time', 'submitTimeMs'],
  ['time_limit', 'timeLimitSeconds'],
  ['cpus', 'cpus'],
  ['memory_limit', 'memoryLimitMb'],
  ['gpus', 'gpus'],
  ['work_dir', 'workDir'],
  ['array_job', 'arrayJobId'],
  ['array_task', 'arrayTaskId'],
  ['exit_code', 'exitCode'],
  ['signal', 'signal'],
  ['raw_state', 'rawState'],
  ['reason', 'reason'],
  ['restarts', 'restarts'],
  ['sluid', 'sluid'],
  ['suspended', 'suspendedSeconds'],
] as const satisfies readonly (readonly [column: string, key: keyof JobDetails])[];
/** Lists, kept as JSON. */
const LISTS = [
  ['allocations', 'allocations'],
  ['other_sluids', 'otherSluids'],
  ['resized', 'resizedMs'],
] as const satisfies readonly (readonly [column: string, key: keyof JobDetails])[];

/** How `sources` says that all fields are the API's, as most of them are where no scheduler reports. */
const ONLY_API = '';

/** What is known of a job beside its row. */
export interface Detail {
  readonly details: JobDetails;
  readonly provenance: Provenance;
}

type DetailRow = Record<string, string | number | null> & {
  readonly job: number;
  readonly sources: string;
  readonly standing: number;
  readonly standing_ms: number;
};

const LABEL_NAMES = LABELS.map((label) => `(SELECT name FROM label WHERE id = detail.${label}) AS ${label}`);
const VALUE_NAMES = VALUES.map(([column, key]) => `detail.${column} AS ${key}`);
const LIST_NAMES = LISTS.map(([column, key]) => `detail.${column} AS ${key}`);
const COLUMNS = `job, ${[...LABEL_NAMES, ...VALUE_NAMES, ...LIST_NAMES].join(', ')}, sources, standing, standing_ms`;

/** Finds the details of one job by its number; undefined when it has none. */
export function detailFinder(db: Database): (job: number) => Detail | undefined {
  const select = db.query<DetailRow, [number]>(`SELECT ${COLUMNS} FROM detail WHERE job = ?`);
  return (job) => {
    const row = select.get(job);
    return row ? readRow(row) : undefined;
  };
}

/** Finds the details of jobs by their numbers, given as JSON; a job without any is left out. */
export function detailReader(db: Database): (wanted: string) => Map<number, Detail> {
  const select = db.query<DetailRow, [string]>(
    `SELECT ${COLUMNS} FROM json_each(?) AS wanted JOIN detail ON detail.job = wanted.value`,
  );
  return (wanted) => new Map(select.all(wanted).map((row) => [row.job, readRow(row)]));
}

function readRow({ job: _, sources, standing, standing_ms, ...rest }: DetailRow): Detail {
  const details: Record<string, unknown> = {};
  for (const key in rest) if (rest[key] !== null) details[key] = rest[key];
  for (const [, key] of LISTS)
    if (details[key] !== undefined) details[key] = JSON.parse(details[key] as string);
  const fields = sources === ONLY_API ? NOT_REPORTED.fields : readRanks(sources);
  return { details, provenance: { fields, standing, standingMs: standing_ms } };
}

/** Writes the details of a job, all at once. */
export function detailWriter(
  db: Database,
  numberLabel: (name: string) => number,
): (job: number, detail: Detail) => void {
  const columns = [
    'job',
    ...LABELS,
    ...VALUES.map(([column]) => column),
    ...LISTS.map(([column]) => column),
    'sources',
    'standing',
  ];
  const changes = [...columns.slice(1), 'standing_ms'].map((column) => `${column} = excluded.${column}`);
  const upsert = db.query(
    `INSERT INTO detail (${columns.join(', ')}, standing_ms)
     VALUES (${columns.map(() => '?').join(', ')}, ?)
     ON CONFLICT (job) DO UPDATE SET ${changes.join(', ')}`,
  );
  return (job, { details, provenance }) => {
    upsert.run(
      job,
      ...LABELS.map((label) => (details[label] === undefined ? null : numberLabel(details[label]))),
      ...VALUES.map(([, key]) => details[key] ?? null),
      ...LISTS.map(([, key]) => (details[key] ? JSON.stringify(details[key]) : null)),
      provenance.fields === NOT_REPORTED.fields ? ONLY_API : writeRanks(provenance.fields),
      provenance.standing,
      provenance.standingMs,
    );
  };
}
