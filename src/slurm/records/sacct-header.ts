import { AppError, quote } from '../../domain/errors.ts';

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

const TIME = /^(?:\d{4}-\d\d-\d\dT[\d:]{8}|\d+|Unknown|None|N\/A)$/;
const DURATION = /^[\d:.-]*$/;
const NUMBER = /^\d*$/;
/** What columns look like that no user writes: by them it shows where a free text ends. */
const SHAPES: Readonly<Record<string, RegExp>> = {
  JobIDRaw: /^[1-9]\d*(?:\.\w+)?$/,
  JobID: /^\d/,
  State: /^[A-Z_]+(?: by \d+)?$/,
  Submit: TIME,
  Eligible: /^(?:[\d:T-]+|Unknown|None|N\/A)?$/,
  Start: TIME,
  End: TIME,
  Flags: /^(?:[A-Z]\w*(?:,[A-Z]\w*)*)?$/,
  ExitCode: /^\d+:\d+$/,
  DerivedExitCode: /^(?:\d+:\d+)?$/,
  SLUID: /^(?:s[0-9A-Z]+)?$/,
  OriginalSLUID: /^(?:s[0-9A-Z]+)?$/,
  Restarts: NUMBER,
  AllocCPUS: NUMBER,
  ElapsedRaw: NUMBER,
  NCPUS: NUMBER,
  NNodes: NUMBER,
  UID: NUMBER,
  GID: NUMBER,
  Elapsed: /^[\d:.-]+$/,
  Suspended: DURATION,
  TotalCPU: DURATION,
  UserCPU: DURATION,
  WorkDir: /^(?:\/|$)/,
};
/** Free texts, those first in which a separator is most likely. The line of a submission has the job's name in it. */
const FREE: readonly string[] = [
  'JobName',
  'SubmitLine',
  'Comment',
  'AdminComment',
  'SystemComment',
  'Extra',
  // Since 24.11.
  'StdOut',
  'StdErr',
  'StdIn',
  'Container',
  'WorkDir',
];
const MAX_EXTRA = 1000;

/**
 * A record cut into the columns of the header. Too many mean that the separator is part of free texts: of one, if that leaves
 * all others looking as they should, else of several. Undefined when they cannot be matched.
 */
export function splitRecord(line: string, { separator, names }: Header): readonly string[] | undefined {
  const pieces = line.split(separator);
  const extra = pieces.length - names.length;
  if (extra === 0) return pieces;
  if (extra < 0 || extra > MAX_EXTRA) return undefined;
  for (const name of FREE) {
    const at = names.indexOf(name);
    if (at < 0) continue;
    const joined = pieces.toSpliced(at, extra + 1, pieces.slice(at, at + extra + 1).join(separator));
    if (looksRight(joined, names)) return joined;
  }
  return alignPieces(pieces, names, separator);
}

/**
 * Joins neighbouring pieces so that each column has its own and looks as it should, the first free texts as short as
 * possible. The work is bounded by columns × surplus pieces.
 */
function alignPieces(
  pieces: readonly string[],
  names: readonly string[],
  separator: string,
): readonly string[] | undefined {
  const extra = pieces.length - names.length;
  const width = extra + 1;
  // Whether the columns from one on can be aligned when so much of the surplus is joined before it; behind the last all of it is.
  const canAlign = new Uint8Array((names.length + 1) * width);
  canAlign[names.length * width + extra] = 1;
  for (let column = names.length - 1; column >= 0; column--) {
    const isFree = FREE.includes(names[column]!);
    let canLater = 0;
    for (let spent = extra; spent >= 0; spent--) {
      const canNext = canAlign[(column + 1) * width + spent]!;
      // A free text may take any of the surplus that is left.
      canLater |= canNext;
      const can = isFree ? canLater : canNext;
      if (can && looksLike(names[column]!, pieces[column + spent]!)) canAlign[column * width + spent] = 1;
    }
  }
  if (!canAlign[0]) return undefined;
  let spent = 0;
  const columns = names.map((_, column) => {
    const first = column + spent;
    while (!canAlign[(column + 1) * width + spent]) spent++;
    return pieces.slice(first, column + spent + 1).join(separator);
  });
  return looksRight(columns, names) ? columns : undefined;
}

const looksLike = (name: string, text: string): boolean => SHAPES[name]?.test(text) ?? true;

/** Whether the columns that no user writes look as they do. */
export const looksRight = (columns: readonly string[], names: readonly string[]): boolean =>
  names.every((name, at) => looksLike(name, columns[at]!)) && isOneJob(columns, names);

/** The number of a job stands in a record twice, unless people see it as the task of an array or a part of a job. */
function isOneJob(columns: readonly string[], names: readonly string[]): boolean {
  const [shown, raw] = [columns[names.indexOf('JobID')], columns[names.indexOf('JobIDRaw')]];
  return shown === undefined || raw === undefined || !/^\d+$/.test(shown) || shown === raw;
}
