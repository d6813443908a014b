import type { Database } from 'bun:sqlite';
import { isDiskError } from '../file/connection.ts';

/** Most things that are set aside; if more fail, the cause lies elsewhere. */
const MAX_ASIDE = 1000;

/**
 * Isolates failures: work on a thing that fails is rolled back, reported once, and not tried again until the
 * next start.
 */
export function setAsideList(db: Database) {
  const aside = new Set<string>();
  let news: string[] = [];

  function add(key: string, what: string, error: unknown): void {
    if (aside.has(key) || aside.size >= MAX_ASIDE) return;
    aside.add(key);
    const cause = error instanceof Error ? error.message : String(error);
    news.push(`${what}; it is tried again when the service restarts: ${cause}`);
  }

  return {
    has: (key: string): boolean => aside.has(key),
    add,

    /**
     * Does `work` unless `key` is set aside; sets it aside, reported as `what`, if it fails. Throws disk
     * errors, which affect everything.
     */
    attempt(key: string, what: () => string, work: () => void): void {
      if (aside.has(key)) return;
      db.run('SAVEPOINT attempt');
      try {
        work();
      } catch (error) {
        if (isDiskError(error)) throw error;
        db.run('ROLLBACK TO attempt');
        add(key, what(), error);
      }
      db.run('RELEASE attempt');
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
