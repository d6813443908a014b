import { invalid } from '../../domain/errors.ts';
import type { startPace } from '../../pace.ts';

/** Lists of one length by name, each with a value for each sample, or for each reading of a GPU. */
export type Lists = ReadonlyMap<string, readonly unknown[]>;

type Pace = ReturnType<typeof startPace>;

export interface ListsOptions {
  /** What the object with the lists is called in messages. */
  readonly label: string;
  /** The list whose length the others must have. */
  readonly first: string;
  /** Other names are ignored. */
  readonly names: ReadonlySet<string>;
  /** Names of lists for which one text may stand. */
  readonly texts?: ReadonlySet<string>;
}

/** Returns the known lists of an object, those that are null left out. Throws `validation_error`. */
export function readLists(value: unknown, { label, first, names, texts }: ListsOptions): Lists {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`${label} must be an object with a list for each field.`);
  const fields = value as Readonly<Record<string, unknown>>;
  const counted = fields[first];
  if (!Array.isArray(counted)) throw invalid(`${label}.${first} must be a list.`);
  const { length } = counted;
  const lists = new Map<string, readonly unknown[]>();
  for (const name of names) {
    const list = fields[name];
    if (list == null) continue;
    if (typeof list === 'string' && texts?.has(name)) lists.set(name, new Array(length).fill(list));
    else if (!Array.isArray(list)) throw invalid(`${label}.${name} must be a list.`);
    else if (list.length === length) lists.set(name, list);
    else {
      const [has, wanted] = [list.length, length];
      throw invalid(
        `${label}.${name} has ${has} values, and ${label}.${first} has ${wanted}; all must have as many.`,
      );
    }
  }
  return lists;
}

/** Calls `mark` with the place of each value that is not good; equal values in a row are judged once. */
export function markFaults(
  list: readonly unknown[],
  isGood: (value: unknown) => boolean,
  mark: (place: number) => void,
): void {
  let last: unknown;
  let isLastGood = isGood(undefined);
  for (let place = 0; place < list.length; place++) {
    const value = list[place];
    if (value !== last) {
      last = value;
      isLastGood = isGood(value ?? undefined);
    }
    if (!isLastGood) mark(place);
  }
}

/** Whether a value can be a measure, or is absent. */
export const isMeasure = (value: unknown): boolean =>
  value === undefined || (Number.isFinite(value) && (value as number) >= 0);

/** Returns the measures of some lists as columns, by their codes, and marks what is none. */
export async function readMeasures(
  lists: Lists,
  codes: ReadonlyMap<string, number>,
  mark: (place: number) => void,
  pace: Pace,
): Promise<Map<number, Float64Array>> {
  const columns = new Map<number, Float64Array>();
  for (const [name, code] of codes) {
    const list = lists.get(name);
    if (!list) continue;
    markFaults(list, isMeasure, mark);
    const column = Float64Array.from(list, toNumber);
    if (!column.every(Number.isNaN)) columns.set(code, column);
    if (pace.isDue()) await pace.rest();
  }
  return columns;
}

/** Adding 0 makes 0 of -0. */
const toNumber = (value: unknown): number => (typeof value === 'number' ? value + 0 : Number.NaN);

/** Returns the values at some places. */
export const pick = (column: Float64Array, places: readonly number[]): Float64Array =>
  Float64Array.from(places, (place) => column[place]!);

/** Returns the values at one place as an object, what is null left out. */
export const fieldsAt = (lists: Lists, place: number): Record<string, unknown> =>
  Object.fromEntries(
    [...lists].map(([name, list]) => [name, list[place]]).filter(([, value]) => value !== null),
  );
