import type { Queries } from '../sql/queries.ts';

/** Counts the samples that are not sealed: those of the last commit, and the changes of the current group. */
export class UnsealedCount {
  #committed = 0;
  #changed = 0;

  /** Counts what the database has at the start. */
  async load(db: Queries): Promise<void> {
    this.#committed = (await db.get<{ samples: number }>('SELECT count(*) AS samples FROM log'))!.samples;
  }

  get samples(): number {
    return this.#committed + this.#changed;
  }

  add(samples: number): void {
    this.#changed += samples;
  }

  commit(): void {
    this.#committed += this.#changed;
    this.#changed = 0;
  }

  rollBack(): void {
    this.#changed = 0;
  }
}
