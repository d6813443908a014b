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

/**
 * A record cut into the columns of the header. Too many mean that the separator is part of a free text: of the job's
 * name, if the header has it, as a separator in a folder's name is rarer still. Undefined when they cannot be matched.
 */
export function splitRecord(line: string, header: Header): readonly string[] | undefined {
  const { separator, names } = header;
  const columns = line.split(separator);
  const extra = columns.length - names.length;
  if (extra === 0) return columns;
  const at = names.indexOf('JobName');
  if (extra < 0 || at < 0) return undefined;
  columns.splice(at, extra + 1, columns.slice(at, at + extra + 1).join(separator));
  return columns;
}
