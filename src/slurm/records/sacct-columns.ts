import { invalid, quote } from '../../domain/errors.ts';

/** The first record of sacct's output: its columns' names and the separator between them. */
export interface Header {
  readonly line: string;
  readonly separator: string;
  readonly names: readonly string[];
}

/**
 * Reads the header; `known` is the separator of our own calls, else it is the character after the first name.
 * Throws `validation_error` if the line is not a header.
 */
export function readHeader(line: string, known: string | undefined): Header {
  const separator = known ?? /^\w+(\W)/.exec(line)?.[1];
  if (separator === undefined || separator === ' ') {
    throw invalid(`The input is not the output of sacct -P with a header; it begins with ${quote(line)}.`);
  }
  return { line, separator, names: line.split(separator) };
}

const TIME = /^(?:\d{4}-\d\d-\d\dT[\d:]{8}|\d+|Unknown|None|N\/A)$/;
const DURATION = /^[\d:.-]*$/;
const NUMBER = /^\d*$/;
/** Formats of columns that users cannot set: they show where a free text ends. */
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
  ConsumedEnergyRaw: NUMBER,
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
/** Free texts, most likely to contain a separator first. SubmitLine contains the job's name. */
const FREE_TEXTS: readonly string[] = [
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
const MAX_SURPLUS = 1000;

/**
 * Cuts a record into the columns of the header. Surplus pieces mean that free texts contain the separator:
 * one of them, if all other columns then have their format, else several. Undefined when the pieces do not
 * fit the columns.
 */
export function splitRecord(line: string, { separator, names }: Header): readonly string[] | undefined {
  const pieces = line.split(separator);
  const surplus = pieces.length - names.length;
  if (surplus === 0) return pieces;
  if (surplus < 0 || surplus > MAX_SURPLUS) return undefined;
  for (const name of FREE_TEXTS) {
    const at = names.indexOf(name);
    if (at < 0) continue;
    const joined = pieces.toSpliced(at, surplus + 1, pieces.slice(at, at + surplus + 1).join(separator));
    if (looksRight(joined, names)) return joined;
  }
  return alignPieces(pieces, names, separator);
}

/**
 * Joins adjacent pieces so that every column has its format, the first free texts as short as possible. Takes
 * O(columns × surplus pieces).
 */
function alignPieces(
  pieces: readonly string[],
  names: readonly string[],
  separator: string,
): readonly string[] | undefined {
  const surplus = pieces.length - names.length;
  const width = surplus + 1;
  // canAlign[column, spent]: the columns from `column` on fit if `spent` surplus pieces are joined before it.
  const canAlign = new Uint8Array((names.length + 1) * width);
  canAlign[names.length * width + surplus] = 1;
  for (let column = names.length - 1; column >= 0; column--) {
    const isFree = FREE_TEXTS.includes(names[column]!);
    let canLater = 0;
    for (let spent = surplus; spent >= 0; spent--) {
      const canNext = canAlign[(column + 1) * width + spent]!;
      // A free text may absorb any part of the remaining surplus.
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

/** Returns whether all columns that users cannot set have their format. */
export const looksRight = (columns: readonly string[], names: readonly string[]): boolean =>
  names.every((name, at) => looksLike(name, columns[at]!)) && isOneJob(columns, names);

/**
 * Returns whether JobID and JobIDRaw agree, unless the job
 * is an array task or a component of a heterogeneous job.
 */
function isOneJob(columns: readonly string[], names: readonly string[]): boolean {
  const [shown, raw] = [columns[names.indexOf('JobID')], columns[names.indexOf('JobIDRaw')]];
  return shown === undefined || raw === undefined || !/^\d+$/.test(shown) || shown === raw;
}
