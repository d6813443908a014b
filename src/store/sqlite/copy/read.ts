import type { Database } from 'bun:sqlite';
import { seriesOf, splitColumns } from '../../chunk/log-row.ts';
import { splitMeasures } from '../../copy/measures.ts';
import type { Page, Position, Row, Value } from '../../copy/side.ts';
import { type CopiedTable, SQLITE_COUNTERS } from '../../copy/tables.ts';

/** Rows of the log that are read together: up to 6,000 samples. */
const LOG_ROWS = 3;
/** The columns of the log as both engines have them in a copy: a row is a sample. */
const LOG_COLUMNS = ['cpu', 'further', 'gpu', 'memory', 'time', 'usage'];
const NUL = '\0';

/** A row of the log, and which of its samples are not sealed. */
interface LogRow {
  readonly seq: number;
  readonly series: Int32Array;
  readonly isUnsealed: (series: number, seq: number) => boolean;
}

const quoted = (name: string): string => `"${name}"`;

/** Where the rows of a table are, in the form that both engines share. */
const FROM: Readonly<Record<string, string>> = {
  chunk: '(SELECT chunk.*, points FROM chunk LEFT JOIN chunk_point ON chunk_point.chunk = chunk.seq)',
  counter: `(SELECT * FROM counter WHERE name NOT IN (${SQLITE_COUNTERS.map((name) => `'${name}'`).join()}))`,
};
const fromOf = ({ name }: CopiedTable): string => FROM[name] ?? quoted(name);

/** Returns the columns of a table that are stored, or with those that derive from others. */
export function tableColumns(db: Database, name: string, kind: 'stored' | 'all'): string[] {
  const rows = db
    .query<{ name: string; hidden: number }, [string]>('SELECT name, hidden FROM pragma_table_xinfo(?)')
    .all(name);
  return rows.filter(({ hidden }) => kind === 'all' || hidden === 0).map((row) => row.name);
}

/** Reads a database in the form of a copy. */
export function copyReader(db: Database) {
  const selectLog = db.query<{ seq: number; series: Uint8Array }, [number]>(
    `SELECT seq, series FROM log WHERE seq > ? ORDER BY seq LIMIT ${LOG_ROWS}`,
  );
  const selectRow = db.query<{ data: Uint8Array; further: Uint8Array | null }, [number]>(
    'SELECT data, further FROM log WHERE seq = ?',
  );
  const selectSealed = db.query<{ id: number; sealed: number }, [string]>(
    'SELECT usage.id, sealed FROM json_each(?) AS wanted JOIN usage ON usage.id = wanted.value',
  );

  /** Yields some rows of the log at a time. */
  function* logRows(after: number): Generator<LogRow[]> {
    for (let last = after; ; ) {
      const found = selectLog.all(last).map(({ seq, series }) => ({ seq, series: seriesOf(series) }));
      if (found.length === 0) return;
      const ids = new Set(found.flatMap(({ series }) => [...series]));
      const rows = selectSealed.all(JSON.stringify([...ids]));
      const sealed = new Map(rows.map((row) => [row.id, row.sealed]));
      // Samples of a series that was deleted are out of reach, too.
      const isUnsealed = (id: number, seq: number) => seq > (sealed.get(id) ?? Number.POSITIVE_INFINITY);
      yield found.map((row) => ({ ...row, isUnsealed }));
      last = found.at(-1)!.seq;
    }
  }

  function countUnsealed(): number {
    let samples = 0;
    for (const rows of logRows(0))
      for (const { seq, series, isUnsealed } of rows)
        samples += series.filter((id) => isUnsealed(id, seq)).length;
    return samples;
  }

  function samplesOf({ seq, series, isUnsealed }: LogRow): Row[] {
    const { data, further } = selectRow.get(seq)!;
    const { times, cpu, memory, gpu } = splitColumns(data, series.length);
    const measures = further && splitMeasures(further, series.length);
    const rows: Row[] = [];
    for (const [at, id] of series.entries()) {
      if (!isUnsealed(id, seq)) continue;
      const gpuUsage = gpu?.[at] ?? Number.NaN;
      // In the order of LOG_COLUMNS.
      rows.push([
        cpu[at]!,
        measures?.[at] ?? null,
        Number.isNaN(gpuUsage) ? null : gpuUsage,
        memory[at]!,
        times[at]!,
        id,
      ]);
    }
    return rows;
  }

  return {
    async columnsOf({ name }: CopiedTable): Promise<readonly string[]> {
      if (name === 'log') return LOG_COLUMNS;
      const columns = tableColumns(db, name, 'all').filter(
        (column) => !(name === 'usage' && column === 'sealed'),
      );
      return [...columns, ...(name === 'chunk' ? ['points'] : [])].sort();
    },

    async count(table: CopiedTable): Promise<number> {
      return table.name === 'log'
        ? countUnsealed()
        : db.query<{ rows: number }, []>(`SELECT count(*) AS rows FROM ${fromOf(table)}`).get()!.rows;
    },

    async *pages(
      table: CopiedTable,
      columns: readonly string[],
      after?: Position,
    ): AsyncGenerator<Page, void> {
      if (table.name === 'log') {
        for (const rows of logRows(Number(after?.[0] ?? 0)))
          yield { rows: rows.flatMap(samplesOf), position: [rows.at(-1)!.seq] };
        return;
      }
      const key = table.key.map(quoted).join();
      const select = (where: string) =>
        db.query<unknown, Value[]>(
          `SELECT ${[...columns, ...table.key].map(quoted).join()} FROM ${fromOf(table)} ${where}
            ORDER BY ${key} LIMIT ${table.pageRows}`,
        );
      const first = select('');
      const next = select(`WHERE (${key}) > (${table.key.map(() => '?').join()})`);
      for (let position = after; ; ) {
        const found = (position ? next.values(...position) : first.values()) as Value[][];
        const last = found.at(-1);
        if (!last) return;
        position = last.slice(columns.length);
        yield { rows: found.map((row) => readRow(row.slice(0, columns.length))), position };
      }
    },
  };
}

const readRow = (row: Value[]): Row =>
  row.map((value) =>
    typeof value === 'string' && value.includes(NUL) ? value.replaceAll(NUL, '\ufffd') : value,
  );
