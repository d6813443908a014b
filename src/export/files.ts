import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileWriter, parquetWriteRows } from 'hyparquet-writer';
import { formatTime } from '../domain/time.ts';
import type { Cell, ColumnType, Format, Table } from './table.ts';

/** Rows that are compressed together, and so in memory at once. */
const ROWS_IN_GROUP = 50_000;
const LINES_AT_ONCE = 1000;

type WriteRows = <Source>(path: string, table: Table<Source>, rows: AsyncIterable<Source>) => Promise<void>;
const WRITERS: Record<Format, WriteRows> = { parquet: writeParquet, ndjson: writeLines };

/**
 * Writes rows to a file, which gets its name when it is complete and then replaces one of that name. Returns
 * the number of rows.
 */
export async function writeTable<Source>(
  path: string,
  format: Format,
  table: Table<Source>,
  rows: AsyncIterable<Source>,
): Promise<number> {
  const partial = `${path}.partial`;
  let count = 0;
  async function* counted(): AsyncGenerator<Source> {
    for await (const row of rows) {
      count++;
      yield row;
    }
  }
  await mkdir(dirname(path), { recursive: true });
  try {
    await WRITERS[format](partial, table, counted());
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
  return count;
}

/** Parquet knows no undefined, and its integers are 64 bits wide. */
const TO_PARQUET: Record<ColumnType, (cell: NonNullable<Cell>) => unknown> = {
  STRING: (cell) => cell,
  DOUBLE: (cell) => cell,
  INT64: (cell) => BigInt(cell),
  TIMESTAMP: (cell) => new Date(cell),
};

async function writeParquet<Source>(path: string, { columns }: Table<Source>, rows: AsyncIterable<Source>) {
  async function* cells(): AsyncGenerator<Record<string, unknown>> {
    for await (const row of rows) {
      yield Object.fromEntries(
        columns.map(({ name, type, read }) => {
          const cell = read(row);
          return [name, cell === undefined ? null : TO_PARQUET[type](cell)];
        }),
      );
    }
  }
  await parquetWriteRows({
    writer: fileWriter(path),
    rows: cells(),
    columns: columns.map(({ name, type }) => ({ name, type, nullable: true })),
    rowGroupSize: ROWS_IN_GROUP,
    createdBy: 'hpc-observe',
  });
}

/** Writes JSON lines, as the HTTP API has them: times in ISO 8601, unknown values left out. */
async function writeLines<Source>(path: string, { columns }: Table<Source>, rows: AsyncIterable<Source>) {
  const file = await open(path, 'w');
  try {
    let lines: string[] = [];
    for await (const row of rows) {
      const cells = columns.map(({ name, type, read }) => {
        const cell = read(row);
        return [name, type === 'TIMESTAMP' && cell !== undefined ? formatTime(Number(cell)) : cell];
      });
      lines.push(`${JSON.stringify(Object.fromEntries(cells))}\n`);
      if (lines.length < LINES_AT_ONCE) continue;
      await file.appendFile(lines.join(''));
      lines = [];
    }
    await file.appendFile(lines.join(''));
  } finally {
    await file.close();
  }
}
