import type { Database } from 'bun:sqlite';
import type { Retention } from '../../domain/store.ts';

/** Sized so that one step stays well under 25 ms, the longest that a write may wait for it. */
const STEP_JOBS = 20;
const STEP_SAMPLES = 1000;

interface LoggedSample {
  seq: number;
  job: number;
  node: number;
  time: number;
  owned: number;
}

/** Removes what is too old, a small step inside the transaction of the group at a time. */
export function historyWriter(db: Database) {
  const deleteJobs = db.query(
    'DELETE FROM job WHERE seq IN (SELECT seq FROM job WHERE end_time < ? ORDER BY end_time LIMIT ?)',
  );
  const selectOldest = db.query<LoggedSample, [number]>(
    `SELECT sample.seq, sample.job, sample.node, sample.time, usage.job IS NOT NULL AS owned
       FROM sample LEFT JOIN usage ON usage.job = sample.job AND usage.node = sample.node
      WHERE sample.seq < (SELECT max(seq) FROM sample) ORDER BY sample.seq LIMIT ?`,
  );
  const deleteOldest = db.query('DELETE FROM sample WHERE seq <= ?');
  const countDown = db.query('UPDATE usage SET samples = samples - ? WHERE job = ? AND node = ?');

  /**
   * The log is in the order of arrival: it is cut at the first sample that must stay, at the latest before the newest
   * row, whose number must not be given again. Samples of deleted jobs go.
   */
  function expireSamples(beforeMs: number): number {
    const oldest = selectOldest.all(STEP_SAMPLES);
    const kept = oldest.findIndex((sample) => sample.time >= beforeMs && sample.owned === 1);
    const expired = kept === -1 ? oldest : oldest.slice(0, kept);
    const last = expired.at(-1);
    if (!last) return 0;
    deleteOldest.run(last.seq);
    for (const samples of Map.groupBy(expired, ({ job, node }) => `${job} ${node}`).values()) {
      countDown.run(samples.length, samples[0]!.job, samples[0]!.node);
    }
    return expired.length;
  }

  return {
    /** One step; whether there is more to do. */
    expire({ sampleMs, jobMs }: Retention, nowMs: number): boolean {
      const jobs = jobMs === undefined ? 0 : deleteJobs.run(nowMs - jobMs, STEP_JOBS).changes;
      const samples = expireSamples(sampleMs === undefined ? 0 : nowMs - sampleMs);
      return jobs > 0 || samples === STEP_SAMPLES;
    },
  };
}
