import { describeError, isServerError } from '../server/errors.ts';
import type { Writing } from '../sql/queries.ts';

/** Most things that are set aside; if more fail, the cause lies elsewhere. */
const MAX_ASIDE = 1000;

/**
 * Isolates failures: work on a thing that fails is rolled back, reported once, and not tried again until the
 * next start. `onRollback` drops what was cached of the database.
 */
export function setAsideList(db: Writing, onRollback: () => void) {
  const aside = new Set<string>();
  let news: string[] = [];

  function add(key: string, what: string, error: unknown): void {
    if (aside.has(key) || aside.size >= MAX_ASIDE) return;
    aside.add(key);
    news.push(`${what}; it is tried again when the service restarts: ${describeError(error)}`);
  }

  return {
    has: (key: string): boolean => aside.has(key),

    /**
     * Does `work` unless `key` is set aside; sets it aside, reported as `what`, if it fails. Returns whether
     * it succeeded. Throws errors of the server, which affect everything.
     */
    async attempt(key: string, what: () => string, work: () => Promise<unknown>): Promise<boolean> {
      if (aside.has(key)) return false;
      // What was sent before must not be rolled back with the work.
      await db.settle();
      await db.change('SAVEPOINT attempt');
      try {
        await work();
        await db.settle();
      } catch (error) {
        if (isServerError(error)) throw error;
        // The statements behind the one that failed have failed, too.
        await db.settle().catch(() => {});
        await db.change('ROLLBACK TO SAVEPOINT attempt');
        onRollback();
        add(key, what(), error);
        return false;
      }
      await db.change('RELEASE SAVEPOINT attempt');
      return true;
    },

    /** Returns what was set aside since the last call, a sentence each. */
    takeNews(): string[] {
      const taken = news;
      news = [];
      return taken;
    },
  };
}

export type SetAside = ReturnType<typeof setAsideList>;
