import { OperatorError } from '../../domain/errors.ts';
import { addRows, NO_ROWS } from './checksum.ts';
import type { CopySource, CopyTarget, Page, Position, Row } from './side.ts';
import { COPIED_TABLES, type CopiedTable } from './tables.ts';

/** Pages that are written in one transaction. */
const PAGES_AT_ONCE = 5;
/** Parts of the work, by measurement: rows are copied, indexes are made, and the target is read again. */
const SHARES = { copy: 0.6, index: 0.15, verify: 0.25 };

export interface CopyOptions {
  /** `done` is from 0 to 1. */
  readonly onProgress?: (done: number, step: string) => void;
}

export interface CopyResult {
  readonly rows: number;
  /** Rows that an earlier call had copied. */
  readonly rowsBefore: number;
  readonly tables: number;
  readonly jobs: number;
}

/** How far a table is. */
interface TableState {
  readonly rows: number;
  readonly checksum: string;
  /** The last row that was copied; missing before the first one. */
  readonly position?: Position;
  readonly isDone: boolean;
}

interface Part {
  readonly table: CopiedTable;
  readonly columns: readonly string[];
  readonly expected: number;
}

const NOTHING: TableState = { rows: 0, checksum: NO_ROWS, isDone: false };

/**
 * Copies all tables of a database to an empty one, or goes on where an earlier call was interrupted, and
 * compares the counts and checksums of all that was read with all that is there in the end. Rejects with
 * OperatorError if the target belongs to another source, or differs.
 */
export async function copyTables(
  source: CopySource,
  target: CopyTarget,
  { onProgress = () => {} }: CopyOptions = {},
): Promise<CopyResult> {
  const parts = await planParts(source, target);
  await requireSameSource(source, target, parts);
  const total = Math.max(
    1,
    parts.reduce((sum, { expected }) => sum + expected, 0),
  );
  const states = new Map<string, TableState>();
  for (const { table } of parts) states.set(table.name, await loadState(target, table));
  const countRows = () => [...states.values()].reduce((sum, { rows }) => sum + rows, 0);
  const rowsBefore = countRows();
  for (const part of parts) {
    await copyTable(source, target, part, states.get(part.table.name)!, (state) => {
      states.set(part.table.name, state);
      onProgress(SHARES.copy * (countRows() / total), part.table.name);
    });
  }
  await target.index((done) => onProgress(SHARES.copy + SHARES.index * done, 'indexes'));
  let verified = 0;
  for (const part of parts) {
    await verifyTable(target, part, states.get(part.table.name)!, source.name, (rows) => {
      verified += rows;
      onProgress(1 - SHARES.verify + SHARES.verify * (verified / total), `verifying ${part.table.name}`);
    });
  }
  await target.finish(await source.lastNumbers());
  return { rows: countRows(), rowsBefore, tables: parts.length, jobs: states.get('job')!.rows };
}

async function requireSameSource(
  source: CopySource,
  target: CopyTarget,
  parts: readonly Part[],
): Promise<void> {
  const counts = parts.map(({ expected }) => expected).join();
  const fingerprint = `${await source.fingerprint()}; rows ${counts}; to version ${target.version}`;
  const known = await target.load('source');
  if (known === undefined) return target.save('source', fingerprint);
  if (known !== fingerprint)
    throw new OperatorError(
      `${target.name} is the unfinished copy of another database, or ${source.name} has changed since. ` +
        `${target.startAnew} and copy again.`,
    );
}

async function planParts(source: CopySource, target: CopyTarget): Promise<Part[]> {
  const parts: Part[] = [];
  for (const table of COPIED_TABLES) {
    const columns = await source.columnsOf(table);
    const there = await target.columnsOf(table);
    // A test compares them, so that no migration can forget it.
    if (columns.length === 0 || columns.join() !== there.join())
      throw new Error(`The table ${table.name} differs: ${columns.join()} and ${there.join()}.`);
    parts.push({ table, columns, expected: await source.count(table) });
  }
  return parts;
}

async function loadState(target: CopyTarget, { name }: CopiedTable): Promise<TableState> {
  const text = await target.load(name);
  return text === undefined ? NOTHING : JSON.parse(text);
}

async function copyTable(
  source: CopySource,
  target: CopyTarget,
  { table, columns }: Part,
  begun: TableState,
  onState: (state: TableState) => void,
): Promise<void> {
  if (begun.isDone) return;
  let state = begun;
  const save = async (rows: readonly Row[], position: Position | undefined, isDone: boolean) => {
    state = {
      rows: state.rows + rows.length,
      checksum: addRows(state.checksum, rows, state.rows),
      ...(position && { position }),
      isDone,
    };
    await target.write(table, columns, rows, JSON.stringify(state));
    onState(state);
  };
  let waiting: Page[] = [];
  const flush = async (isDone: boolean) => {
    const pages = waiting;
    waiting = [];
    await save(
      pages.flatMap(({ rows }) => rows),
      pages.at(-1)?.position ?? state.position,
      isDone,
    );
  };
  for await (const page of source.pages(table, columns, begun.position)) {
    waiting.push(page);
    if (waiting.length === PAGES_AT_ONCE) await flush(false);
  }
  await flush(true);
}

/** Reads a table of the target again, and compares it with what was read of the source. */
async function verifyTable(
  target: CopyTarget,
  { table, columns, expected }: Part,
  { rows, checksum }: TableState,
  sourceName: string,
  onRows: (rows: number) => void,
): Promise<void> {
  let found = 0;
  let sum = NO_ROWS;
  for await (const page of target.pages(table, columns)) {
    sum = addRows(sum, page.rows, found);
    found += page.rows.length;
    onRows(page.rows.length);
  }
  if (found === expected && found === rows && sum === checksum) return;
  throw new OperatorError(
    `The table ${table.name} of ${target.name} differs from that of ${sourceName}: ${found} rows of ${expected}, ` +
      `checksum ${sum} instead of ${checksum}. ${target.startAnew} and copy again; if that does not help, report it.`,
  );
}
