import { AppError, quote } from '../domain/errors.ts';

/** The first record of an output of sacct: what its columns are called, and what parts them. */
export interface Header {
  readonly line: string;
  readonly separator: string;
  readonly names: readonly string[];
}

/** Reads the header; without `mark` the separator is what stands after the first name. `validation_error` if it is none. */
export function readHeader(line: string, mark: string | undefined): Header {
  const separator = mark ?? /^\w+(\W)/.exec(line)?.[1];
  if (separator === undefined || separator === ' ') {
    throw new AppError(
      'validation_error',
      `This is no output of sacct with a header and separators (sacct -P); it begins with ${quote(line)}.`,
    );
  }
  return { line, separator, names: line.split(separator) };
}

const TIME = /^(?:\d{4}-\d\d-\d\dT[\d:]{8}|\d+|Unknown|None|N\/A)?$/;
const DURATION = /^[\d:.-]*$/;
const NUMBER = /^\d*$/;
/** What columns look like that no user writes: by them it shows where a free text ends. */
const SHAPES: Readonly<Record<string, RegExp>> = {
  JobIDRaw: /^\d/,
  JobID: /^\d/,
  State: /^[A-Z_]+(?: by \d+)?$/,
  Submit: TIME,
  Eligible: TIME,
  Start: TIME,
  End: TIME,
  ExitCode: /^\d+:\d+$/,
  AllocCPUS: NUMBER,
  ElapsedRaw: NUMBER,
  NCPUS: NUMBER,
  NNodes: NUMBER,
  UID: NUMBER,
  Suspended: DURATION,
  TotalCPU: DURATION,
  UserCPU: DURATION,
};
/** Free texts, those first in which a separator is most likely. The line of a submission has the job's name in it. */
const FREE = ['JobName', 'SubmitLine', 'Comment', 'AdminComment', 'SystemComment', 'WorkDir'];
const MAX_EXTRA = 1000;

/**
 * A record cut into the columns of the header. Too many mean that the separator is part of a free text, or of two: of those
 * that leave all others looking as they should. Undefined when they cannot be matched.
 */
export function splitRecord(line: string, header: Header): readonly string[] | undefined {
  const { separator, names } = header;
  const columns = line.split(separator);
  const extra = columns.length - names.length;
  if (extra === 0) return columns;
  if (extra < 0 || extra > MAX_EXTRA) return undefined;
  const join = (whole: readonly string[], name: string, count: number) => {
    const at = names.indexOf(name);
    return whole.toSpliced(at, count + 1, whole.slice(at, at + count + 1).join(separator));
  };
  for (const name of FREE) {
    if (!names.includes(name)) continue;
    const joined = join(columns, name, extra);
    if (looksRight(joined, names)) return joined;
  }
  if (!names.includes('JobName') || !names.includes('SubmitLine')) return undefined;
  for (let inName = 1; inName < extra; inName++) {
    // The later of the two last, as joining moves what follows.
    const [first, second] = [['JobName', inName] as const, ['SubmitLine', extra - inName] as const].sort(
      ([one], [other]) => names.indexOf(one) - names.indexOf(other),
    ) as [readonly [string, number], readonly [string, number]];
    const joined = join(join(columns, ...first), ...second);
    if (looksRight(joined, names)) return joined;
  }
  return undefined;
}

/** Whether the columns that no user writes look as they do. */
export const looksRight = (columns: readonly string[], names: readonly string[]): boolean =>
  names.every((name, at) => SHAPES[name]?.test(columns[at]!) ?? true);
