import { AppError, quote } from '../../domain/errors.ts';

const MAX_TOLD = 20;

/** The records that could not be read: all are counted, and the first few told of, each in one sentence. */
export interface Faults {
  readonly count: number;
  readonly first: readonly string[];
}

export class FaultList implements Faults {
  count = 0;
  readonly first: string[] = [];

  add(record: string, why: string): void {
    this.count++;
    if (this.first.length < MAX_TOLD) this.first.push(`${quote(record)}: ${why}`);
  }

  /** What `read` gives; undefined, and a fault more, when it refuses the record. */
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
