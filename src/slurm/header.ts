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
  Elapsed: DURATION,
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
 * possible. A place that leads nowhere is tried once: the work is bounded by columns × surplus pieces, times the surplus.
 */
function alignPieces(
  pieces: readonly string[],
  names: readonly string[],
  separator: string,
): readonly string[] | undefined {
  const extra = pieces.length - names.length;
  const deadEnds = new Set<number>();
  /** The columns from `column` on, when `spent` of the surplus is joined already. */
  function alignFrom(column: number, spent: number): readonly string[] | undefined {
    const name = names[column];
    if (name === undefined) return spent === extra ? [] : undefined;
    const place = column * (extra + 1) + spent;
    if (deadEnds.has(place)) return undefined;
    const most = FREE.includes(name) ? extra - spent : 0;
    for (let more = 0; more <= most; more++) {
      const aligned = alignWith(column, spent, more);
      if (aligned) return aligned;
    }
    deadEnds.add(place);
    return undefined;
  }
  function alignWith(column: number, spent: number, more: number): readonly string[] | undefined {
    const first = column + spent;
    const text = pieces.slice(first, first + more + 1).join(separator);
    if (!looksLike(names[column]!, text)) return undefined;
    const rest = alignFrom(column + 1, spent + more);
    return rest && [text, ...rest];
  }
  return alignFrom(0, 0);
}

const looksLike = (name: string, text: string): boolean => SHAPES[name]?.test(text) ?? true;

/** Whether the columns that no user writes look as they do. */
export const looksRight = (columns: readonly string[], names: readonly string[]): boolean =>
  names.every((name, at) => looksLike(name, columns[at]!));
