import type { ErrorCode } from '../../../domain/errors.ts';
import type { Thresholds } from '../../../domain/finding/thresholds.ts';
import type { Notice } from '../../../domain/store/upkeep.ts';
import type { Write } from '../../writer/write.ts';

// The messages between the main thread (queue.ts) and the writing thread (thread.ts).

/** How the writing thread works. */
export interface ThreadOptions {
  readonly cacheBytes?: number | undefined;
  /** The defaults if left out. */
  readonly thresholds?: Thresholds | undefined;
}

/** A request to the writing thread. Its writes are numbered from `firstId` on; an id is never used twice. */
export type ThreadRequest =
  | ({ readonly kind: 'open'; readonly path: string } & ThreadOptions)
  | { readonly kind: 'writes'; readonly firstId: number; readonly writes: readonly Write[] }
  | { readonly kind: 'close' };

/** An answer of the writing thread. The outcomes of a group are in the order of its `ids`. */
export type ThreadAnswer =
  | { readonly kind: 'opened' }
  | { readonly kind: 'notOpened'; readonly message: string; readonly isForPerson: boolean }
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'group'; readonly ids: readonly number[]; readonly outcome: GroupOutcome }
  | { readonly kind: 'closed' };

/** How a group ended: with an outcome for each write, or refused by the disk as a whole. */
export type GroupOutcome = (
  | { readonly kind: 'committed'; readonly outcomes: readonly Outcome[] }
  | { readonly kind: 'diskError'; readonly message: string }
) & {
  readonly seconds: number;
  /** Samples that wait to be sealed now, as far as it is known. */
  readonly unsealed: number;
};

/**
 * How one write ended: `refused` by a rule, by the disk
 * (`diskError`), or because of a bug (`fault`, for the log).
 */
export type Outcome =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'fault' | 'diskError'; readonly message: string };
