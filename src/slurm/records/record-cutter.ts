import type { UnreadableRecords } from './unreadable.ts';

/** The longest record, in characters: a longer one is damage and must not be held in memory until its end. */
const MAX_RECORD = 4 * 1024 * 1024;

/** Cuts an output that arrives in pieces of any size into records, each ended by `end`. */
export function recordCutter(end: string, unreadable: UnreadableRecords) {
  let rest = '';
  return {
    /** Returns the records that end in the next piece. One that is too long is counted as unreadable. */
    cut(text: string): string[] {
      const records = (rest + text).split(end);
      rest = records.pop()!;
      if (rest.length > MAX_RECORD) {
        unreadable.add(rest, `It is longer than ${MAX_RECORD} characters.`);
        rest = '';
      }
      return records;
    },
    /** Returns what follows the last record, and forgets it. */
    takeRest(): string {
      const taken = rest;
      rest = '';
      return taken;
    },
  };
}
