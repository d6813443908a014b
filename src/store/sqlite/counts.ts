import type { Database } from 'bun:sqlite';
import { rowWriter, type Value } from './rows.ts';

/** What the counts of jobs go by, in the numbers of names. */
export interface Counted {
  readonly user: number;
  readonly state: number;
  readonly nodes: readonly number[];
  /** 0 when none is known. */
  readonly partition: number;
}

/** States whose jobs `live_count` counts: pending and running. */
const LIVE_STATES = 2;
/** `node` and `user` of `job_count` that stand for any. */
const ANY = 0;
/** There are five states; keys of a map are a number and a state. */
const STATE_PLACES = 8;

type Changes = Map<number, number>;

/**
 * Sums what the writes of a group change of `job_count`, `live_count` and the counter of jobs, so that each row is written
 * once a commit. Only `jobrow.ts` tells it, because all rows of jobs are written there. `flush` before the commit.
 */
export function jobCounter(db: Database) {
  const upsert = 'ON CONFLICT DO UPDATE SET jobs = jobs + excluded.jobs';
  const saveJobs = rowWriter(db, 'INSERT INTO job_count (node, user, state, jobs)', 4, upsert);
  const saveLive = rowWriter(db, 'INSERT INTO live_count (partition, state, jobs)', 3, upsert);
  const addCreated = db.query("UPDATE counter SET value = value + ? WHERE name = 'jobs_created'");
  // Rows of nothing would double the table: nearly every job leaves one behind when it ends.
  const dropJobs = db.query('DELETE FROM job_count WHERE node = ? AND user = ? AND state = ? AND jobs = 0');
  const dropLive = db.query('DELETE FROM live_count WHERE partition = ? AND state = ? AND jobs = 0');
  /** By node, then by user and state. */
  const jobs = new Map<number, Changes>();
  const live: Changes = new Map();
  let created = 0;

  function add(changes: Changes, number: number, state: number, difference: number): void {
    const key = number * STATE_PLACES + state;
    changes.set(key, (changes.get(key) ?? 0) + difference);
  }

  function addToNode(node: number, user: number, state: number, difference: number): void {
    let changes = jobs.get(node);
    if (!changes) {
      changes = new Map();
      jobs.set(node, changes);
    }
    add(changes, ANY, state, difference);
    add(changes, user, state, difference);
  }

  /** Counts a job by its partition alone, if it waits or runs. */
  function addLive({ partition, state }: Pick<Counted, 'partition' | 'state'>, times: 1 | -1): void {
    if (state < LIVE_STATES) add(live, partition, state, times);
  }

  /** Writes what has changed in the order of the table's key. */
  function flushJobs(): void {
    const rows: Value[] = [];
    const fewer: [node: number, user: number, state: number][] = [];
    for (const node of [...jobs.keys()].sort((one, other) => one - other)) {
      for (const [user, state, difference] of changed(jobs.get(node)!)) {
        rows.push(node, user, state, difference);
        if (difference < 0) fewer.push([node, user, state]);
      }
    }
    saveJobs(rows);
    for (const key of fewer) dropJobs.run(...key);
  }

  function flushLive(): void {
    for (const [partition, state, difference] of changed(live)) {
      saveLive([partition, state, difference]);
      if (difference < 0) dropLive.run(partition, state);
    }
  }

  function clear(): void {
    jobs.clear();
    live.clear();
    created = 0;
  }

  return {
    /** Counts a job `times` more; -1 takes it out. */
    add({ user, state, nodes, partition }: Counted, times: 1 | -1): void {
      addToNode(ANY, user, state, times);
      for (const node of nodes) addToNode(node, user, state, times);
      addLive({ partition, state }, times);
    },
    addLive,
    addCreated(): void {
      created++;
    },
    /** Writes all of it into the transaction. */
    flush(): void {
      if (jobs.size + live.size === 0) return;
      flushJobs();
      flushLive();
      if (created > 0) addCreated.run(created);
      clear();
    },
    /** The transaction has been rolled back. */
    forget: clear,
  };
}

/** The changes that are any, by number and state. */
const changed = (changes: Changes): [number: number, state: number, difference: number][] =>
  [...changes]
    .filter(([, difference]) => difference !== 0)
    .sort(([one], [other]) => one - other)
    .map(([key, difference]) => [Math.floor(key / STATE_PLACES), key % STATE_PLACES, difference]);
