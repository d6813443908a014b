import type { Database } from 'bun:sqlite';
import { FIRST_ENDED } from '../../rows/states.ts';
import { figureOf } from '../jobs/figures.ts';
import { bindings } from '../sql/bindings.ts';
import {
  BLOCK_JOBS,
  FIRST_ID_PART,
  firstSeqOf,
  isNumberId,
  LIST_PARTS,
  type ListPart,
  NUMBER_PARTS,
  type NumberPart,
  TEXT_PARTS,
  type TextPart,
} from './columns.ts';
import { packLists, packNumbers, packTexts } from './pack.ts';

const usageOf = (figure: 'cpuUsage' | 'memoryUsage' | 'gpuUsage') => figureOf(figure, 0, bindings().bind);

/** Where each column comes from, in the order in which it is read. */
const NUMBER_SOURCES: readonly [Exclude<NumberPart, 'idNumber'>, sql: string][] = [
  ['state', 'job.state'],
  ['user', 'job.user'],
  ['start', 'job.start_time'],
  ['end', 'job.end_time'],
  ['started', 'job.started'],
  ['suspended', 'job.suspended'],
  ['submit', 'detail.submit_time'],
  ['cpus', 'detail.cpus'],
  ['gpus', 'detail.gpus'],
  ['memoryLimit', 'detail.memory_limit'],
  ['cpuUsage', usageOf('cpuUsage')],
  ['memoryUsage', usageOf('memoryUsage')],
  ['gpuUsage', usageOf('gpuUsage')],
  ['account', 'detail.account'],
  ['partition', 'detail.partition'],
  ['qos', 'detail.qos'],
  ['cluster', 'detail.cluster'],
];
const TEXT_SOURCES: readonly [Exclude<TextPart, 'id'>, sql: string][] = [
  ['name', 'detail.name'],
  ['rawState', 'detail.raw_state'],
  ['reason', 'detail.reason'],
  ['arrayJobId', 'detail.array_job'],
];
const COLUMNS = [...NUMBER_SOURCES, ...TEXT_SOURCES].map(([, sql]) => sql).join(', ');

const ALL_PARTS = [
  ...[NUMBER_PARTS, TEXT_PARTS, LIST_PARTS].flatMap((parts) => Object.values<number>(parts)),
  FIRST_ID_PART,
];

/** Lists of a job, with the number of the job and a number of the list in each row. */
const LIST_SOURCES: readonly [ListPart, sql: string][] = [
  ['nodes', 'SELECT job, node FROM job_node WHERE job BETWEEN ? AND ?'],
  ['findings', 'SELECT run, kind FROM run_finding WHERE run BETWEEN ? AND ?'],
  ['severities', 'SELECT DISTINCT run, severity FROM run_finding WHERE run BETWEEN ? AND ?'],
];

type Row = [seq: number, id: string, ...(number | string | null)[]];

/** Returns a function that stores the columns of a block anew, from the rows of its ended jobs. */
export function blockBuilder(db: Database): (block: number) => void {
  const selectJobs = db.query<unknown, [number, number]>(
    `SELECT job.seq, job.id, ${COLUMNS} FROM job LEFT JOIN detail ON detail.job = job.seq
      WHERE job.seq BETWEEN ? AND ? AND job.state >= ${FIRST_ENDED}`,
  );
  const lists = LIST_SOURCES.map(([part, sql]) => ({
    part,
    select: db.query<unknown, [number, number]>(sql),
  }));
  const insert = db.query('INSERT INTO job_column (part, block, data) VALUES (?, ?, ?)');
  const remove = db.query('DELETE FROM job_column WHERE part = ? AND block = ?');

  function saveNumbers(part: NumberPart, block: number, values: readonly number[]): void {
    if (!values.every(Number.isNaN)) insert.run(NUMBER_PARTS[part], block, packNumbers(values));
  }

  function saveTexts(part: TextPart, block: number, texts: readonly (string | null)[]): void {
    if (texts.some((text) => text !== null)) insert.run(TEXT_PARTS[part], block, packTexts(texts));
  }

  function saveIds(block: number, column: readonly (string | null)[]): void {
    const ids = column.filter((id) => id !== null);
    if (ids.every(isNumberId)) saveNumbers('idNumber', block, column.map(numberOf));
    else saveTexts('id', block, column);
    const first = ids.map((id) => encoder.encode(id)).reduce(earlierBytes);
    insert.run(FIRST_ID_PART, block, first);
  }

  /** Stores lists of jobs that are in the block; those of others are never asked for. */
  function saveLists(block: number, first: number): void {
    for (const { part, select } of lists) {
      const found = Array.from({ length: BLOCK_JOBS }, (): number[] => []);
      const rows = select.values(first, first + BLOCK_JOBS - 1) as [seq: number, value: number][];
      for (const [seq, value] of rows) found[seq - first]!.push(value);
      if (rows.length > 0) insert.run(LIST_PARTS[part], block, packLists(found));
    }
  }

  return (block) => {
    for (const part of ALL_PARTS) remove.run(part, block);
    const first = firstSeqOf(block);
    const rows = selectJobs.values(first, first + BLOCK_JOBS - 1) as unknown as Row[];
    if (rows.length === 0) return;
    for (const [place, [part]] of NUMBER_SOURCES.entries())
      saveNumbers(part, block, columnOf(rows, first, 2 + place, Number.NaN));
    for (const [place, [part]] of TEXT_SOURCES.entries())
      saveTexts(part, block, columnOf(rows, first, 2 + NUMBER_SOURCES.length + place, null));
    saveIds(block, columnOf(rows, first, 1, null));
    saveLists(block, first);
  };
}

/** Returns a column of the rows by the jobs' places in the block. */
function columnOf<Value extends number | string | null>(
  rows: readonly Row[],
  first: number,
  place: number,
  none: Value,
): (Value extends number ? number : string | null)[] {
  const column = Array(BLOCK_JOBS).fill(none);
  for (const row of rows) column[row[0] - first] = row[place] ?? none;
  return column;
}

const encoder = new TextEncoder();
const numberOf = (id: string | null): number => (id === null ? Number.NaN : Number(id));
const earlierBytes = <Bytes extends Uint8Array>(one: Bytes, other: Bytes): Bytes =>
  Buffer.compare(one, other) <= 0 ? one : other;
