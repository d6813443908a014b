import type { Sight } from '../../../domain/caller.ts';
import { jobNotFound } from '../../../domain/errors.ts';
import { isSeen, type Owner } from '../../../domain/sight.ts';
import type { Queries } from '../sql/queries.ts';

const SELECT_OWNERS = `SELECT job.id, user_name.name AS user, label.name AS account
   FROM job JOIN user_name ON user_name.id = job.user
   LEFT JOIN detail ON detail.job = job.seq LEFT JOIN label ON label.id = detail.account`;

/** Returns whose the latest runs of jobs are. Unknown jobs are left out. */
export async function readOwners(db: Queries, ids: readonly string[]): Promise<Map<string, Owner>> {
  const rows = await db.all<Owner & { id: string }>(`${SELECT_OWNERS} WHERE job.id = ANY($1::text[])`, [ids]);
  return new Map(rows.map(({ id, user, account }) => [id, { user, account }]));
}

/** Returns whose the latest run of a job is; undefined for an unknown job. */
export const findOwner = async (db: Queries, id: string): Promise<Owner | undefined> =>
  (await readOwners(db, [id])).get(id);

export const hasPastRuns = async (db: Queries, id: string): Promise<boolean> =>
  (await db.get('SELECT 1 FROM past_run WHERE job = $1 LIMIT 1', [id])) !== undefined;

/** Throws `not_found`, as for an unknown job, if the latest run of a job is not to be seen. */
export async function requireLatest(db: Queries, id: string, sight: Sight): Promise<void> {
  if (sight === 'all') return;
  const owner = await findOwner(db, id);
  if (!owner || !isSeen(sight, owner)) throw jobNotFound(id);
}

/** Returns how many runs of a job are to be seen. Throws `not_found`, as for an unknown job, if none is. */
export async function requireRuns(db: Queries, id: string, sight: Sight): Promise<'all' | 'some'> {
  if (sight === 'all') return 'all';
  const latest = await findOwner(db, id);
  if (!latest) throw jobNotFound(id);
  const past = await db.all<Owner>('SELECT DISTINCT past_run.user, account FROM past_run WHERE job = $1', [
    id,
  ]);
  const owners = [latest, ...past];
  const seen = owners.filter((owner) => isSeen(sight, owner)).length;
  if (seen === 0) throw jobNotFound(id);
  return seen === owners.length ? 'all' : 'some';
}
