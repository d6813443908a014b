import { AppError, type ErrorCode } from '../../../domain/errors.ts';
import type { Write, WriteKind } from '../../writer/write.ts';
import type { UnsealedCount } from '../samples/unsealed-count.ts';
import { describeError, isServerError } from '../server/errors.ts';
import type { Writing } from '../sql/queries.ts';
import type { WriteApplier } from './apply.ts';
import { tellAccess } from './channel.ts';

/**
 * How one write ended: `refused` by a rule, by the server, because another service writes, or because of a
 * bug (`fault`, for the log).
 */
export type Outcome =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'elsewhere'; readonly url: string | undefined }
  | { readonly kind: 'fault' | 'serverError'; readonly message: string };

const ACCESS_KINDS: ReadonlySet<WriteKind> = new Set<WriteKind>([
  'createToken',
  'revokeToken',
  'startSession',
  'endSessions',
  'endSessionsOf',
]);

/** What a committer works with. */
interface CommitterParts {
  readonly db: Writing;
  /** Returns the statements that begin a transaction. */
  readonly begin: () => string;
  readonly applier: WriteApplier;
  readonly unsealed: UnsealedCount;
  /** Called with each error of the server. */
  readonly onServerError: (error: unknown) => void;
}

/**
 * Returns a function that commits a group of writes in one transaction, all or (if the server refuses) none,
 * and returns an outcome for each. After a bug the group is repeated write by write, so that only the faulty
 * one fails.
 */
export function groupCommitter({ db, begin, applier, unsealed, onServerError }: CommitterParts) {
  async function attempt(write: Write): Promise<Outcome> {
    try {
      return { kind: 'done', value: await applier.apply(write) };
    } catch (error) {
      if (error instanceof AppError) return { kind: 'refused', code: error.code, message: error.message };
      throw error;
    }
  }

  async function commitTogether(writes: readonly Write[]): Promise<Outcome[]> {
    await db.change(begin());
    try {
      const outcomes: Outcome[] = [];
      for (const write of writes) outcomes.push(await attempt(write));
      await applier.flush();
      if (writes.some(({ kind }) => ACCESS_KINDS.has(kind))) tellAccess(db);
      // PostgreSQL answers COMMIT of a failed transaction without an error.
      await db.settle();
      await db.change('COMMIT');
      unsealed.commit();
      return outcomes;
    } catch (error) {
      // What was sent before may have failed first, and made this statement fail.
      const cause = await db.settle().then(
        () => error,
        (first) => first,
      );
      await db.change('ROLLBACK').catch(() => {});
      applier.forget();
      unsealed.rollBack();
      throw cause;
    }
  }

  function explain(error: unknown): Outcome {
    if (isServerError(error)) {
      onServerError(error);
      return { kind: 'serverError', message: describeError(error) };
    }
    return { kind: 'fault', message: String(error instanceof Error ? (error.stack ?? error) : error) };
  }

  async function commitApart(writes: readonly Write[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const write of writes)
      outcomes.push(...(await commitTogether([write]).catch((error) => [explain(error)])));
    return outcomes;
  }

  return async (writes: readonly Write[]): Promise<Outcome[]> => {
    try {
      return await commitTogether(writes);
    } catch (error) {
      const outcome = explain(error);
      if (outcome.kind === 'serverError' || writes.length === 1) return writes.map(() => outcome);
    }
    return commitApart(writes);
  };
}
