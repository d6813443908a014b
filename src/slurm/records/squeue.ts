import type { Report } from '../../domain/report.ts';
import { readSqueueRecord } from './squeue-record.ts';
import { type Unreadable, UnreadableRecords } from './unreadable.ts';

/** The longest record, in characters: a longer one is damage and must not be held in memory until its end. */
const MAX_RECORD = 4 * 1024 * 1024;

export interface SqueueReader {
  /** Returns the reports of the records that end in the next piece of the output. */
  read(text: string): Report[];
  /** Call this after the last piece: an incomplete record is counted as unreadable. */
  finish(): void;
  readonly unreadable: Unreadable;
}

/**
 * Reads the output of squeue with `squeueArguments(columns, separator)` in pieces of any size. Unreadable
 * records are counted and skipped. `observedMs` is when squeue was started.
 */
export function createSqueueReader(
  columns: readonly string[],
  separator: string,
  observedMs: number,
): SqueueReader {
  const end = `${separator}\n`;
  const unreadable = new UnreadableRecords();
  const indexes = new Map(columns.map((column, index) => [column, index]));
  let rest = '';

  function readRecord(record: string): Report | undefined {
    const texts = record.split(separator);
    if (texts.length === columns.length) {
      return unreadable.try(record, () =>
        readSqueueRecord((column) => texts[indexes.get(column) ?? texts.length] ?? '', observedMs),
      );
    }
    unreadable.add(record, `It has ${texts.length} columns instead of ${columns.length}.`);
    return undefined;
  }

  return {
    unreadable,
    read(text) {
      const records = (rest + text).split(end);
      rest = records.pop()!;
      const reports = records.map(readRecord).filter((report) => report !== undefined);
      if (rest.length > MAX_RECORD) {
        unreadable.add(rest, `It is longer than ${MAX_RECORD} characters.`);
        rest = '';
      }
      return reports;
    },
    finish() {
      if (rest.trim() !== '') unreadable.add(rest, 'The output ends in the middle of a record.');
      rest = '';
    },
  };
}
