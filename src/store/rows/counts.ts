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

/** The changes of a group: rows of `job_count` in the order of its key, and of `live_count`. */
export interface CountChanges {
  readonly jobs: readonly (readonly [state: number, node: number, user: number, difference: number])[];
  readonly live: readonly (readonly [state: number, partition: number, difference: number])[];
  readonly created: number;
}

/**
 * Sums the changes of `job_count`, `live_count` and the counter of created jobs over a group, so that each
 * row is written once a commit.
 */
export class JobCounts {
  /** By state and node, then by user. */
  readonly #jobs = forStates(() => new Map<number, Changes>());
  /** By state, then by partition. */
  readonly #live = forStates((): Changes => new Map());
  #created = 0;
  #isChanged = false;

  /** Counts a job once more, or once less. */
  add({ user, state, nodes, partition }: Counted, times: 1 | -1): void {
    this.#isChanged = true;
    this.#addToNode(ANY, user, state, times);
    for (const node of nodes) this.#addToNode(node, user, state, times);
    this.addLive({ partition, state }, times);
  }

  /** Counts a job on some of its nodes only. */
  addNodes({ user, state, nodes }: Omit<Counted, 'partition'>, times: 1 | -1): void {
    this.#isChanged = true;
    for (const node of nodes) this.#addToNode(node, user, state, times);
  }

  /** Counts a job by its partition alone, unless it has ended. */
  addLive({ partition, state }: Pick<Counted, 'partition' | 'state'>, times: 1 | -1): void {
    if (state >= FIRST_ENDED) return;
    add(this.#live[state]!, partition, times);
    this.#isChanged = true;
  }

  addCreated(jobs: number): void {
    this.#created += jobs;
  }

  /** Returns the changes since the last call or `clear`; undefined if there are none. */
  take(): CountChanges | undefined {
    if (!this.#isChanged) return undefined;
    const taken = { jobs: [...this.#changedJobs()], live: [...this.#changedLive()], created: this.#created };
    this.clear();
    return taken;
  }

  clear(): void {
    for (const changes of [...this.#jobs, ...this.#live]) changes.clear();
    this.#created = 0;
    this.#isChanged = false;
  }

  #addToNode(node: number, user: number, state: number, difference: number): void {
    const nodes = this.#jobs[state]!;
    let changes = nodes.get(node);
    if (!changes) {
      changes = new Map();
      nodes.set(node, changes);
    }
    add(changes, ANY, difference);
    add(changes, user, difference);
  }

  *#changedJobs(): Generator<CountChanges['jobs'][number]> {
    for (const [state, nodes] of this.#jobs.entries()) {
      for (const node of [...nodes.keys()].sort(ascending)) {
        for (const [user, difference] of changed(nodes.get(node)!)) yield [state, node, user, difference];
      }
    }
  }

  *#changedLive(): Generator<CountChanges['live'][number]> {
    for (const [state, changes] of this.#live.entries())
      for (const [partition, difference] of changed(changes)) yield [state, partition, difference];
  }
}

const ascending = (one: number, other: number): number => one - other;

const add = (changes: Changes, number: number, difference: number): void =>
  void changes.set(number, (changes.get(number) ?? 0) + difference);

/** Returns the differences other than 0, in order. */
const changed = (changes: Changes): [number: number, difference: number][] =>
  [...changes].filter(([, difference]) => difference !== 0).sort(([one], [other]) => one - other);
