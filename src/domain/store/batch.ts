/** Refusals that the result of a batch explains; further ones are only counted. */
export const MAX_REFUSALS = 100;

/** Why one row of a batch was not stored. `index` is its position in the batch, from 0. */
export interface Refusal {
  readonly index: number;
  readonly error: 'not_found' | 'conflict' | 'validation_error';
  readonly message: string;
}

/** The result of a batch: each row is counted once, as stored, repeated or refused. */
export interface BatchResult {
  readonly stored: number;
  /** Rows that were stored before and changed nothing. */
  readonly repeated: number;
  readonly refused: number;
  /** The first MAX_REFUSALS refusals, in order of index. */
  readonly refusals: readonly Refusal[];
}
