import type { Report } from '../../domain/report.ts';
import { recordCutter } from './record-cutter.ts';
import { readSqueueRecord } from './squeue-record.ts';
import { type Unreadable, UnreadableRecords } from './unreadable.ts';

interface SqueueReader {
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
  const unreadable = new UnreadableRecords();
  const cutter = recordCutter(`${separator}\n`, unreadable);
  const indexes = new Map(columns.map((column, index) => [column, index]));

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
    read: (text) =>
      cutter
        .cut(text)
        .map(readRecord)
        .filter((report) => report !== undefined),
    finish() {
      const rest = cutter.takeRest();
      if (rest.trim() !== '') unreadable.add(rest, 'The output ends in the middle of a record.');
    },
  };
}
