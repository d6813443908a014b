import type { Database } from 'bun:sqlite';
import { bulkInserter, type Value } from '../sql/insert.ts';
import { FIRST_ENDED, STATE_NUMBERS } from './states.ts';

/** What jobs are counted by, as numbers of names. */
export interface Counted {
  readonly user: number;
  readonly state: number;
  readonly nodes: readonly number[];
  /** 0 if unknown. */
  readonly partition: number;
}

/** The `node` and `user` of `job_count` that mean any. */
const ANY = 0;

/** Differences of counts, by the number of a user or partition. */
type Changes = Map<number, number>;
const forStates = <Value>(make: () => Value): Value[] => STATE_NUMBERS.map(make);

/**
 * Sums the changes of `job_count`, `live_count` and the counter of created jobs over a group, so that each
 * row is written once a commit. Only `row.ts` calls it, because it writes all rows of jobs. Call `flush`
 * before the commit.
 */
export function jobCounter(db: Database) {
  const upsert = 'ON CONFLICT DO UPDATE SET jobs = jobs + excluded.jobs';
  const saveJobs = bulkInserter(db, 'INSERT INTO job_count (state, node, user, jobs)', 4, upsert);
  const saveLive = bulkInserter(db, 'INSERT INTO live_count (state, partition, jobs)', 3, upsert);
  const addCreated = db.query("UPDATE counter SET value = value + ? WHERE name = 'jobs_created'");
  // Zero rows would double the table, because nearly every job leaves one behind when it ends.
  const dropJobs = db.query('DELETE FROM job_count WHERE state = ? AND node = ? AND user = ? AND jobs = 0');
  const dropLive = db.query('DELETE FROM live_count WHERE state = ? AND partition = ? AND jobs = 0');
  /** By state and node, then by user. */
  const jobs = forStates(() => new Map<number, Changes>());
  /** By state, then by partition. */
  const live = forStates((): Changes => new Map());
  let created = 0;
  let isChanged = false;

  function addToNode(node: number, user: number, state: number, difference: number): void {
    const nodes = jobs[state]!;
    let changes = nodes.get(node);
    if (!changes) {
      changes = new Map();
      nodes.set(node, changes);
    }
    add(changes, ANY, difference);
    add(changes, user, difference);
  }

  /** Counts a job by its partition alone, unless it has ended. */
  function addLive({ partition, state }: Pick<Counted, 'partition' | 'state'>, times: 1 | -1): void {
    if (state >= FIRST_ENDED) return;
    add(live[state]!, partition, times);
    isChanged = true;
  }

  /** Yields the changes in the order of the table's key. */
  function* changedJobs(): Generator<[state: number, node: number, user: number, difference: number]> {
    for (const [state, nodes] of jobs.entries()) {
      for (const node of [...nodes.keys()].sort(ascending)) {
        for (const [user, difference] of changed(nodes.get(node)!)) yield [state, node, user, difference];
      }
    }
  }

  function flushJobs(): void {
    const rows = [...changedJobs()];
    saveJobs(rows.flat() satisfies Value[]);
    for (const [state, node, user, difference] of rows) if (difference < 0) dropJobs.run(state, node, user);
  }

  function flushLive(): void {
    for (const [state, changes] of live.entries()) {
      for (const [partition, difference] of changed(changes)) {
        saveLive([state, partition, difference]);
        if (difference < 0) dropLive.run(state, partition);
      }
    }
  }

  function clear(): void {
    for (const changes of [...jobs, ...live]) changes.clear();
    created = 0;
    isChanged = false;
  }

  return {
    /** Counts a job once more, or once less. */
    add({ user, state, nodes, partition }: Counted, times: 1 | -1): void {
      isChanged = true;
      addToNode(ANY, user, state, times);
      for (const node of nodes) addToNode(node, user, state, times);
      addLive({ partition, state }, times);
    },
    /** Counts a job on some of its nodes only. */
    addNodes({ user, state, nodes }: Omit<Counted, 'partition'>, times: 1 | -1): void {
      for (const node of nodes) addToNode(node, user, state, times);
    },
    addLive,
    addCreated(jobs: number): void {
      created += jobs;
    },
    /** Writes the sums into the transaction. */
    flush(): void {
      if (!isChanged) return;
      flushJobs();
      flushLive();
      if (created > 0) addCreated.run(created);
      clear();
    },
    /** Discards the sums after a rollback. */
    forget: clear,
  };
}

const ascending = (one: number, other: number): number => one - other;

const add = (changes: Changes, number: number, difference: number): void =>
  void changes.set(number, (changes.get(number) ?? 0) + difference);

/** Returns the differences other than 0, in order. */
const changed = (changes: Changes): [number: number, difference: number][] =>
  [...changes].filter(([, difference]) => difference !== 0).sort(([one], [other]) => one - other);
