import type { Check } from '../../api/check.ts';
import type { Schema, Wire } from '../../api/field.ts';
import { AppError } from '../../domain/errors.ts';
import { MAX_REFUSALS, type Refusal } from '../../domain/store/batch.ts';
import { nullableCheck } from './body-check.ts';

/** Compiles the check of a row, which its explanations call that. */
export function rowCheck<Described extends Schema>(schema: Described): Check<Wire<Described>> {
  const check = nullableCheck(schema);
  return { accepts: check.accepts, explain: (row) => check.explain(row, 'The row') };
}

export interface Sorted<Value> {
  /** The rows that the store gets. */
  readonly values: Value[];
  /** The index of each of them in the batch. */
  readonly indexes: number[];
  readonly bad: { count: number; readonly refusals: Refusal[] };
}

/** Sorts the rows of a batch by whether they can be stored. */
export interface RowSorter<Value> extends Sorted<Value> {
  /** Checks and reads the next rows of the batch. */
  add(rows: readonly unknown[]): void;
  addRow(row: unknown): void;
  /** Takes the next row of the batch as it is. */
  accept(value: Value): void;
}

/** Reads every row by itself. All bad rows are counted, the first are explained. */
export function sortRows<Row, Value>(
  check: Check<Row>,
  read: (row: Row, place: number) => Value,
): RowSorter<Value> {
  const values: Value[] = [];
  const indexes: number[] = [];
  const bad: Sorted<Value>['bad'] = { count: 0, refusals: [] };
  let index = 0;

  function refuse(message: () => string): void {
    bad.count++;
    if (bad.refusals.length === MAX_REFUSALS) return;
    bad.refusals.push({ index, error: 'validation_error', message: message() });
  }

  function sort(row: unknown): void {
    if (!check.accepts(row)) {
      refuse(() => check.explain(row));
      return;
    }
    try {
      values.push(read(row, values.length));
      indexes.push(index);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'validation_error') throw error;
      refuse(() => error.message);
    }
  }

  function addRow(row: unknown): void {
    sort(row);
    index++;
  }

  return {
    values,
    indexes,
    bad,
    addRow,
    add(rows) {
      for (const row of rows) addRow(row);
    },
    accept(value) {
      values.push(value);
      indexes.push(index++);
    },
  };
}
