import type { Database } from 'bun:sqlite';
import { isDiskError } from '../file/connection.ts';

/** Things that are set aside at most; when so many cannot be worked on, the fault lies elsewhere. */
const MAX_ASIDE = 1000;

/**
 * Works on one thing after the other so that one that fails harms no other: it is rolled back, set aside until the program
 * starts again, and told once.
 */
export function asideKeeper(db: Database) {
  const aside = new Set<string>();
  let news: string[] = [];

  function note(key: string, what: string, error: unknown): void {
    if (aside.has(key) || aside.size >= MAX_ASIDE) return;
    aside.add(key);
    const cause = error instanceof Error ? error.message : String(error);
    news.push(`${what}, and will be tried again when the service starts: ${cause}`);
  }

  return {
    /** How many are set aside: a query for the next thing has to look behind them. */
    get size(): number {
      return aside.size;
    },
    has: (key: string): boolean => aside.has(key),
    note,

    /** Does `work`, unless the thing with this key is set aside; a fault is told as `what` has it. A disk that refuses is no fault of the thing. */
    attempt(key: string, what: () => string, work: () => void): void {
      if (aside.has(key)) return;
      db.run('SAVEPOINT attempt');
      try {
        work();
      } catch (error) {
        if (isDiskError(error)) throw error;
        db.run('ROLLBACK TO attempt');
        note(key, what(), error);
      }
      db.run('RELEASE attempt');
    },

    /** What has been set aside since the last call, a sentence each. */
    takeNews(): string[] {
      const told = news;
      news = [];
      return told;
    },
  };
}

export type AsideKeeper = ReturnType<typeof asideKeeper>;
