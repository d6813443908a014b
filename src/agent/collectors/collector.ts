import type { Measured, MeasureName } from '../../domain/measure.ts';
import type { JobDirectory } from '../cgroup/find.ts';
import type { ReadText } from '../file.ts';

/** Values of a job from one place. */
export interface Part {
  /** Where they were read: counters begin at 0 in every new directory. */
  readonly folder: string;
  readonly values: Measured;
}

/** Reads a job in version 2 of cgroups or, where its files are not there, in version 1. */
export interface Collector {
  readonly name: string;
  /**
   * Returns undefined if nothing could be read; throws what the system says of files that it may not read.
   */
  read(job: JobDirectory, readFile: ReadText): Part | undefined;
}

/** Drops what is not known. */
export const known = (values: Partial<Record<MeasureName, number | undefined>>): Measured =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

/** Divides what is known. */
export const per = (value: number | undefined, divisor: number): number | undefined =>
  value === undefined ? undefined : value / divisor;
