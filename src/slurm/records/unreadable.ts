import { AppError, quote } from '../../domain/errors.ts';

const MAX_EXAMPLES = 20;

/**
 * The records of one output that could not be read: their number, and the first 20 with the reason, a
 * sentence each.
 */
export interface Unreadable {
  readonly count: number;
  readonly examples: readonly string[];
}

export class UnreadableRecords implements Unreadable {
  count = 0;
  readonly examples: string[] = [];

  add(record: string, reason: string): void {
    this.count++;
    if (this.examples.length < MAX_EXAMPLES) this.examples.push(`${quote(record)}: ${reason}`);
  }

  /**
   * Returns the result of `read`, or undefined when it refuses the record with an AppError, which is added.
   */
  try<Result>(record: string, read: () => Result): Result | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.add(record, error.message);
      return undefined;
    }
  }
}
