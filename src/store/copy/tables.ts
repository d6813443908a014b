/** A table that is copied from one engine to the other, row by row. */
export interface CopiedTable {
  /** Its name in SQLite. */
  readonly name: string;
  /** Its name in PostgreSQL if it is another one. */
  readonly postgres?: string;
  /** The columns by which rows are read in the same order in both engines; no two rows have the same. */
  readonly key: readonly string[];
  /** Rows that are read together: fewer where a row may be large. */
  readonly pageRows: number;
}

const PAGE_ROWS = 5000;

const table = (name: string, key: string, more: Partial<CopiedTable> = {}): CopiedTable => ({
  name,
  key: key.split(' '),
  pageRows: PAGE_ROWS,
  ...more,
});

/**
 * Every table that is copied, in the order of copying. Counts and tallies are copied and not counted again:
 * they hold what retention has deleted since, and the target is compared with them as with all other rows.
 */
export const COPIED_TABLES: readonly CopiedTable[] = [
  table('user', 'id', { postgres: 'user_name' }),
  table('node', 'id', { postgres: 'node_name' }),
  table('label', 'id'),
  table('counter', 'name'),
  table('job', 'seq'),
  table('job_node', 'job node'),
  table('detail', 'job'),
  table('past_run', 'seq', { pageRows: 500 }),
  table('joined_run', 'run'),
  table('later_sluid', 'sluid'),
  table('leftover_run', 'run'),
  table('event', 'seq'),
  table('job_count', 'state node user'),
  table('live_count', 'partition state'),
  table('finished_count', 'partition state'),
  table('queue_wait', 'seconds'),
  table('account_user', 'account user'),
  table('usage', 'id'),
  table('latest', 'usage'),
  table('latest_measures', 'usage'),
  table('sealed_total', 'usage'),
  table('sealed_measures', 'usage'),
  // Chunks have up to 100 kB, and a row of SQLite's log has 2,000 samples.
  table('chunk', 'seq', { pageRows: 100 }),
  table('log', 'seq', { pageRows: 5000 }),
  table('tally', 'user account hours start partition'),
  table('node_tally', 'hours start node'),
  table('finding_tally', 'user account hours start partition kind severity'),
  table('tallied_node', 'run node'),
  table('tallied', 'run'),
  table('tally_due', 'run'),
  table('run_finding', 'run kind'),
  table('finding_count', 'kind severity'),
  table('sizing_run', 'run'),
  table('node_report', 'name', { pageRows: 200 }),
  table('cluster_history', 'time'),
  table('token', 'name'),
  table('session', 'hash'),
  table('audit', 'number'),
  table('notice', 'number', { pageRows: 200 }),
  table('delivery', 'notice way'),
  table('notice_run', 'policy audience name job'),
  table('act', 'job', { pageRows: 500 }),
  table('digest_refusal', 'user'),
  table('secret', 'name'),
];

/** Tables that are not copied, and why; of each engine, by their names there. */
export const OTHER_TABLES = {
  sqlite: {
    chunk_point: 'part of `chunk` in PostgreSQL, and copied with it',
    job_column: 'the service builds it again from ended jobs',
    job_column_due: 'belongs to job_column',
    probe: 'has nothing but the proof that a commit is possible',
    running_finding: 'the service judges running jobs again',
    running_finding_count: 'belongs to running_finding',
    sqlite_sequence: 'the last numbers are set when all rows are copied',
  },
  postgres: {
    probe: 'has nothing but the proof that a commit is possible',
    running_finding: 'the service judges running jobs again',
    schema_version: 'the migrations of the target',
    writer: 'which service writes',
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

/** Counters of SQLite alone, which a new database has from its migrations. */
export const SQLITE_COUNTERS: readonly string[] = ['chunks_without_points', 'columns_through'];

/** Tables in which a new database has rows, so that they do not show that it is in use. */
export const SEEDED_TABLES: readonly string[] = ['counter', 'node', 'secret'];

/**
 * Tables whose numbers are never given twice. Their last number may be of a row that was deleted, and is
 * copied beside them.
 */
export const NUMBERED_TABLES = ['job', 'audit', 'notice'] as const;

/**
 * The table of the target that says how far an unfinished copy is. While it is there, no service opens the
 * database.
 */
export const COPY_STATE = 'copy_state';
