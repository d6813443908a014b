import { MAX_TRANSACTION_COST, SMALL_PART_COST } from './limits.ts';
import { ruleOf, type Write } from './write.ts';

/** A write that waits for its commit. Later writes have higher ids. */
interface Queued {
  readonly id: number;
  readonly write: Write;
  /** In samples; see limits.ts. */
  readonly cost: number;
}

/**
 * Decides which of the waiting writes make up the next transaction. Slow writes, each alone, and groups of
 * all others take turns. A slow write never overtakes an earlier small write, and only later, small writes
 * and steps overtake a large part of a batch. Steps and parts take turns, too: behind all waiting parts, a
 * step had a twentieth of the thread's time, and sealing fell behind the batches.
 */
export class Schedule {
  readonly #parts: Queued[] = [];
  readonly #steps: Queued[] = [];
  readonly #others: Queued[] = [];
  #isTurnOfSlow = false;
  #isTurnOfParts = false;

  get isEmpty(): boolean {
    return this.#parts.length === 0 && this.#steps.length === 0 && this.#others.length === 0;
  }

  add(id: number, write: Write): void {
    const queued = { id, write, cost: ruleOf(write).cost(write) };
    this.#listOf(queued).push(queued);
  }

  /**
   * Removes and returns the writes of the next transaction, in order of arrival. Must not be called when it
   * is empty.
   */
  next(): Queued[] {
    const isStepNext = this.#steps.length > 0 && !(this.#isTurnOfParts && this.#parts.length > 0);
    const slow = isStepNext ? this.#steps : this.#parts;
    const [first, other] = [slow[0], this.#others[0]];
    const isSlowNext = first && (!other || (this.#isTurnOfSlow && first.id < other.id));
    this.#isTurnOfSlow = !isSlowNext;
    if (!isSlowNext) return this.#others.splice(0, countFitting(this.#others));
    this.#isTurnOfParts = isStepNext;
    return slow.splice(0, 1);
  }

  /** Steps and large parts have transactions of their own. A new job never does, whatever its nodes. */
  #listOf({ write, cost }: Queued): Queued[] {
    const { lane } = ruleOf(write);
    if (lane === 'step') return this.#steps;
    return lane === 'batch' && cost > SMALL_PART_COST ? this.#parts : this.#others;
  }
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
