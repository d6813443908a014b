import type { Database } from 'bun:sqlite';
import type { Usage } from '../../../domain/sample.ts';
import type { BatchNames } from './batch-names.ts';

/** A job on one of its nodes, and what is known of it: the row of `usage`, as it is after every sample so far. */
export interface Target {
  /** Undefined until it has reported. */
  id: number | undefined;
  readonly job: number;
  readonly node: number;
  usage: Usage | undefined;
  /** The least and greatest time of all samples there ever were; null when there was none. */
  oldestMs: number | null;
  newestMs: number | null;
  /** The database has it like this. */
  isSaved: boolean;
  isOldestSaved: boolean;
}

interface KnownJob {
  first: Target | undefined;
  /** The node that was named first, which most jobs have no other beside: a map of one costs more than all the rest. */
  name: string | undefined;
  target: Target | undefined;
  others: Map<string, Target> | undefined;
}

/** What names a target: without a node, the job's first one. */
interface Name {
  readonly jobId: string;
  readonly node?: string;
}

/** What the look-up finds of a name; `node` is null when it is not one of the job's. */
type FoundRow = [
  key: number,
  job: number,
  node: number | null,
  isFirst: number | null,
  id: number | null,
  timeMs: number | null,
  cpuUsage: number | null,
  memoryUsageMb: number | null,
  gpuUsage: number | null,
  oldestMs: number | null,
  newestMs: number | null,
  followedMs: number | null,
];

/** About 400 bytes each. */
const MAX_TARGETS = 40_000;

/**
 * Finds the targets of samples, and remembers them, because finding one costs more than storing its sample. The thread that
 * writes is the only one that changes them: a sample changes what is remembered along with the database; every other
 * write of a job makes it forgotten (`forgetJob`), and whatever else may change a row of `job`, `job_node` or `usage`, as
 * a rollback does, makes all forgotten (`forget`). That there is no such job is never remembered.
 */
export function targetFinder(db: Database) {
  // One statement for a whole list: to start one costs four times as much as it costs to find these rows.
  const select = db.query<FoundRow, [string]>(
    `SELECT wanted.key, job.seq, job_node.node, job_node.node = job.first_node, usage.id, latest.time, latest.cpu,
            latest.memory, latest.gpu, usage.oldest, latest.newest,
            iif(EXISTS (SELECT 1 FROM past_run WHERE past_run.job = job.id AND past_run.seq > 0),
                iif(job.started, job.start_time, 9e999), NULL)
       FROM json_each(?) AS wanted
       JOIN job ON job.id = wanted.value ->> 0
       LEFT JOIN job_node ON job_node.job = job.seq
             AND job_node.node = iif(wanted.value ->> 1 IS NULL, job.first_node,
                                     (SELECT id FROM node WHERE name = wanted.value ->> 1))
       LEFT JOIN usage ON usage.job = job.seq AND usage.node = job_node.node
       LEFT JOIN latest ON latest.usage = usage.id`,
  );
  const jobs = new Map<string, KnownJob>();
  /** When the latest run started, of the few jobs that have earlier ones; Infinity while it waits. */
  const followedMs = new Map<string, number>();
  let remembered = 0;
  /** The targets of batches that name the same again. */
  let batches = new WeakMap<BatchNames, readonly (Target | undefined)[]>();

  const forgetBatches = () => {
    batches = new WeakMap();
  };

  function recall({ jobId, node }: Name): Target | undefined {
    const job = jobs.get(jobId);
    if (node === undefined) return job?.first;
    return job?.name === node ? job.target : job?.others?.get(node);
  }

  function lookUp(names: readonly Name[]): void {
    const wanted = JSON.stringify(names.map(({ jobId, node }) => [jobId, node]));
    const rows = select.values(wanted) as unknown as FoundRow[];
    for (const row of rows) remember(names[row[0]]!, row);
    remembered += rows.length;
  }

  function remember({ jobId, node: name }: Name, row: FoundRow): void {
    const [, , node, isFirst] = row;
    const job = jobs.get(jobId) ?? newJob();
    jobs.set(jobId, job);
    if (row[11] !== null) followedMs.set(jobId, row[11]);
    if (node === null) return;
    // The first node by its name and without one is the same target.
    const target = (isFirst === 1 ? job.first : undefined) ?? targetOf(row, node);
    if (isFirst === 1) job.first = target;
    if (name === undefined) return;
    if (job.name === undefined) {
      job.name = name;
      job.target = target;
      return;
    }
    job.others ??= new Map();
    job.others.set(name, target);
  }

  function findEach(names: readonly Name[]): (Target | undefined)[] {
    const targets = names.map(recall);
    const missing = new Map<string, Name>();
    for (const [index, name] of names.entries())
      if (!targets[index]) missing.set(JSON.stringify([name.jobId, name.node]), name);
    if (missing.size === 0) return targets;
    lookUp([...missing.values()]);
    return names.map((name, index) => targets[index] ?? recall(name));
  }

  function forget(): void {
    forgetBatches();
    jobs.clear();
    followedMs.clear();
    remembered = 0;
  }

  return {
    /**
     * The targets of names, in their order; undefined where there is no such job, or the node is not one of its nodes. `batch`
     * is the same object only when the names are the same.
     */
    find(names: readonly Name[], batch?: BatchNames): readonly (Target | undefined)[] {
      const known = batch && batches.get(batch);
      if (known) return known;
      const targets = findEach(names);
      if (batch && !targets.includes(undefined)) batches.set(batch, targets);
      return targets;
    },

    /** Whether there is such a job; asked of a name that has just been looked for. */
    hasJob: (jobId: string): boolean => jobs.has(jobId),

    /** Whether there are earlier runs of any of the jobs that are remembered. */
    hasEarlierRuns: (): boolean => followedMs.size > 0,

    /** Whether an earlier run of the job may be meant by a moment; asked of a name that has just been looked for. */
    isBeforeLatest: (jobId: string, timeMs: number): boolean =>
      timeMs < (followedMs.get(jobId) ?? Number.NEGATIVE_INFINITY),

    forgetJob(jobId: string): void {
      forgetBatches();
      jobs.delete(jobId);
      followedMs.delete(jobId);
    },

    /** Forgets all of them when they are too many. Nobody may hold a target then: of each there has to be one alone. */
    makeRoom(): void {
      if (remembered > MAX_TARGETS) forget();
    },

    forget,
  };
}

export type TargetFinder = ReturnType<typeof targetFinder>;

/** Reads the target of a run that is not the latest, by its number, and a node. */
export function targetReader(db: Database): (run: number, node: number) => Target {
  const select = db.query<FoundRow, [number, number]>(
    `SELECT 0, ?1, ?2, NULL, id, time, cpu, memory, gpu, oldest, newest, NULL
       FROM (SELECT 1) LEFT JOIN usage ON job = ?1 AND node = ?2 LEFT JOIN latest ON latest.usage = usage.id`,
  );
  return (run, node) => targetOf((select.values(run, node) as unknown as FoundRow[])[0]!, node);
}

const newJob = (): KnownJob => ({
  first: undefined,
  name: undefined,
  target: undefined,
  others: undefined,
});

function targetOf(row: FoundRow, node: number): Target {
  const [, job, , , id, timeMs, cpuUsage, memoryUsageMb, gpuUsage, oldestMs, newestMs] = row;
  return {
    id: id ?? undefined,
    job,
    node,
    usage: timeMs === null ? undefined : { timeMs, cpuUsage, memoryUsageMb, gpuUsage },
    oldestMs,
    newestMs,
    isSaved: true,
    isOldestSaved: true,
  };
}
