import { readFileSync } from 'node:fs';

/**
 * What reading says of files of things that are not there: jobs and processes that ended, controllers that
 * are off, and pressure that the kernel was told not to measure (EOPNOTSUPP).
 */
const GONE = new Set(['ENOENT', 'ENODEV', 'ENOTDIR', 'ESRCH', 'EOPNOTSUPP', 'ENOTSUP']);

/** Returns the text of a file of the kernel; undefined where there is no such thing. */
export type ReadText = (path: string) => string | undefined;

/**
 * Reads a file of /proc or of a cgroup: 13 µs. The kernel bounds their sizes. Throws what the system says
 * where the file is there and not for this user.
 */
export const readText: ReadText = (path) => {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
};

/** Tells an error that means an end from others. */
export const isGone = (error: unknown): boolean => GONE.has((error as { code?: string }).code ?? '');

/** Reads one whole number; undefined for `max`, for an empty file and for none. */
export function parseWhole(text: string | undefined): number | undefined {
  const digits = text?.trim() ?? '';
  return /^\d+$/.test(digits) ? Number(digits) : undefined;
}

/**
 * Reads lines of a name, a blank and a whole number, as in cpu.stat and memory.stat; leaves other lines out.
 */
export function parseKeyed(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [name = '', value] = line.split(' ');
    const number = parseWhole(value);
    if (number !== undefined) values.set(name, number);
  }
  return values;
}
