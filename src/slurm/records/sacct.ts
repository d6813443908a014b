import type { Report } from '../../domain/report.ts';
import { recordCutter } from './record-cutter.ts';
import { type Header, looksRight, readHeader, splitRecord } from './sacct-columns.ts';
import { type CpusOf, createRecordReader, type ReadRecord } from './sacct-record.ts';
import { type Unreadable, UnreadableRecords } from './unreadable.ts';

interface SacctReader {
  /** Returns the reports of the records that end in the next piece of the output. */
  read(text: string): Report[];
  /** Returns the reports of what is left after the last piece. */
  finish(): Report[];
  readonly unreadable: Unreadable;
}

interface SacctOptions {
  /** Ends every column; without it the output was saved by hand. */
  readonly separator?: string;
  /** The CPUs of a node, without which the energy of a run is unknown. */
  readonly cpusOf?: CpusOf;
}

/** The most lines of one record, which a script given as `--wrap` may break. */
const MAX_LINES = 200;

/**
 * Reads the output of sacct in pieces of any size: of `sacctArguments` with their `separator`, or without it
 * one that was saved with `-P` or `-p` and a header of any columns that `createRecordReader` accepts, else it
 * throws `validation_error`. Steps are skipped, unreadable records counted. In saved output, records that a
 * job's name or script breaks with a line break or a separator are put together again.
 */
export function createSacctReader(observedMs: number, { separator, cpusOf }: SacctOptions = {}): SacctReader {
  const isSaved = separator === undefined;
  const unreadable = new UnreadableRecords();
  const cutter = recordCutter(isSaved ? '\n' : `${separator}\n`, unreadable);
  let header: Header | undefined;
  let toReport: ReadRecord;
  /** Lines that do not make a whole record yet. */
  let broken: string[] = [];

  function addRecord(record: string, reports: Report[]): void {
    const line = isSaved && record.endsWith('\r') ? record.slice(0, -1) : record;
    if (line === header?.line || (line === '' && broken.length === 0)) return;
    if (header === undefined) {
      header = readHeader(line, separator);
      toReport = createRecordReader(header.names, observedMs, cpusOf);
      return;
    }
    const columns = splitRecord(line, header);
    if (columns === undefined) addBrokenLine(line, header, reports);
    else {
      dropBroken();
      addColumns(line, columns, reports);
    }
  }

  /** Adds a line that is not a whole record; together with the lines before it, it may be one. */
  function addBrokenLine(line: string, header: Header, reports: Report[]): void {
    broken.push(line);
    const count = broken.reduce((sum, piece) => sum + piece.split(header.separator).length - 1, 1);
    const whole = count < header.names.length ? '' : broken.join('\n');
    const columns = splitRecord(whole, header);
    if (columns !== undefined && looksRight(columns, header.names)) {
      broken = [];
      addColumns(whole, columns, reports);
    } else if (!isSaved || broken.length > MAX_LINES) dropBroken();
  }

  function addColumns(line: string, columns: readonly string[], reports: Report[]): void {
    const report = unreadable.try(line, () => toReport(columns));
    if (report) reports.push(report);
  }

  function dropBroken(): void {
    if (broken.length > 0)
      unreadable.add(broken[0]!, `It does not have the ${header!.names.length} columns of the header.`);
    broken = [];
  }

  return {
    unreadable,
    read(text) {
      const reports: Report[] = [];
      for (const record of cutter.cut(text)) addRecord(record, reports);
      return reports;
    },
    finish() {
      const reports: Report[] = [];
      const rest = cutter.takeRest();
      if (isSaved) addRecord(rest, reports);
      else if (rest !== '') unreadable.add(rest, 'The output ends in the middle of a record.');
      dropBroken();
      return reports;
    },
  };
}
