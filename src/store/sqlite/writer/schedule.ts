import { MAX_TRANSACTION_COST, SMALL_PART_COST } from './limits.ts';
import { ruleOf, type Write } from './write.ts';

/** A write that waits for its commit. Later writes have higher ids. */
export interface Queued {
  readonly id: number;
  readonly write: Write;
  /** In samples; see limits.ts. */
  readonly cost: number;
}

/**
 * Decides which of the waiting writes make up the next transaction. Slow writes, each alone, and groups of
 * all others take turns. A slow write never overtakes an earlier write, and only later, small writes overtake
 * a slow one.
 */
export class Schedule {
  readonly #slow: Queued[] = [];
  readonly #others: Queued[] = [];
  #isTurnOfSlow = false;

  get isEmpty(): boolean {
    return this.#slow.length === 0 && this.#others.length === 0;
  }

  add(id: number, write: Write): void {
    const queued = { id, write, cost: ruleOf(write).cost(write) };
    (isSlow(queued) ? this.#slow : this.#others).push(queued);
  }

  /**
   * Removes and returns the writes of the next transaction, in order of arrival. Must not be called when it
   * is empty.
   */
  next(): Queued[] {
    const [slow, other] = [this.#slow[0], this.#others[0]];
    const isSlowNext = slow && (!other || (this.#isTurnOfSlow && slow.id < other.id));
    this.#isTurnOfSlow = !isSlowNext;
    return isSlowNext ? this.#slow.splice(0, 1) : this.#others.splice(0, countFitting(this.#others));
  }
}

/** Whether a write has a transaction of its own. A new job never does, however many nodes it has. */
function isSlow({ write, cost }: Queued): boolean {
  const { lane } = ruleOf(write);
  return lane === 'step' || (lane === 'batch' && cost > SMALL_PART_COST);
}

/** How many of the first writes fit into one transaction: at least one, because one alone may be larger. */
function countFitting(waiting: readonly Queued[]): number {
  let total = 0;
  for (const [count, { cost }] of waiting.entries()) {
    total += cost;
    if (total > MAX_TRANSACTION_COST && count > 0) return count;
  }
  return waiting.length;
}
