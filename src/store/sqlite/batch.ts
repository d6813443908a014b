import type { Database } from 'bun:sqlite';
import { jobNotFound } from '../../domain/errors.ts';
import { applySample, notANode, type Usage } from '../../domain/sample.ts';
import { type BatchResult, type JobSample, MAX_REFUSALS, type Refusal } from '../../domain/store.ts';
import { addSample, NO_TOTALS } from '../../domain/summary.ts';
import { storedFinder } from './stored.ts';
import { type UsageRow, usageWriter } from './usage.ts';

/** The samples of a batch that name the same job, and the same node or none. */
interface Group {
  readonly jobId: string;
  readonly node: string | undefined;
  /** Their places in the batch. */
  indexes: number[];
  /** Null while nothing is found: there is no such job, or the node is not one of its nodes. */
  target: Target | null;
  isJobKnown: boolean;
}

/** A job and a node, and what is known of them. */
interface Target extends Pick<UsageRow, 'job' | 'node' | 'lastSample' | 'oldestMs' | 'newestMs' | 'sealed'> {
  /** Undefined when it has never reported. */
  readonly usage: Usage | undefined;
}

/** What the look-up finds of a group; `node` is null when it is not one of the job's. */
type FoundRow = [
  key: number,
  job: number,
  node: number | null,
  isFirst: number | null,
  timeMs: number | null,
  cpuUsage: number | null,
  memoryUsageMb: number | null,
  gpuUsage: number | null,
  lastSample: number | null,
  oldestMs: number | null,
  newestMs: number | null,
  sealed: number | null,
];

const COLUMNS = `usage.time, usage.cpu, usage.memory, usage.gpu, usage.last_sample, usage.oldest, usage.newest, usage.sealed`;

/**
 * Stores batches of samples inside the transaction of the group of writes. A batch costs one look-up for all its jobs
 * and nodes, and one change of usage for each of them, however many samples it brings.
 */
export function sampleBatchWriter(db: Database) {
  const usages = usageWriter(db);
  const findStored = storedFinder(db);
  const insertSample = db.query(
    'INSERT INTO sample (job, node, previous, time, cpu, memory, gpu) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  // One statement for a whole list: to start one costs four times as much as it costs to find these rows.
  const findFirstNodes = db.query<FoundRow, [string]>(
    `SELECT wanted.key, job.seq, job.first_node, 1, ${COLUMNS} FROM json_each(?) AS wanted
       JOIN job ON job.id = wanted.value
       LEFT JOIN usage ON usage.job = job.seq AND usage.node = job.first_node`,
  );
  const findNamedNodes = db.query<FoundRow, [string]>(
    `SELECT wanted.key, job.seq, job_node.node, job_node.node = job.first_node, ${COLUMNS} FROM json_each(?) AS wanted
       JOIN job ON job.id = wanted.value ->> 0
       LEFT JOIN job_node ON job_node.job = job.seq
                         AND job_node.node = (SELECT id FROM node WHERE name = wanted.value ->> 1)
       LEFT JOIN usage ON usage.job = job.seq AND usage.node = job_node.node`,
  );

  /** Gives the groups their targets, each target to one group alone. */
  function findTargets(groups: readonly Group[]): void {
    const first = groups.filter(({ node }) => node === undefined);
    const named = groups.filter(({ node }) => node !== undefined);
    const firsts = new Map<number, Group>();
    const rows = findFirstNodes.values(JSON.stringify(first.map(({ jobId }) => jobId)));
    for (const row of rows as unknown as FoundRow[]) {
      const group = first[row[0]]!;
      setTarget(group, row);
      if (named.length > 0) firsts.set(row[1], group);
    }
    const pairs = JSON.stringify(named.map(({ jobId, node }) => [jobId, node]));
    for (const row of findNamedNodes.values(pairs) as unknown as FoundRow[]) {
      const group = named[row[0]]!;
      const same = row[3] === 1 ? firsts.get(row[1]) : undefined;
      if (same) moveSamples(group, same);
      else setTarget(group, row);
    }
  }

  /** Stores what is new of a group that has a target, in order; returns how many samples that was. */
  function store(target: Target, indexes: readonly number[], samples: readonly JobSample[]): number {
    const { job, node } = target;
    const times = knownTimes(target, () => indexes.map((index) => samples[index]!));
    let { lastSample, usage } = target;
    let added = NO_TOTALS;
    for (const index of indexes) {
      const sample = samples[index]!;
      const { timeMs, cpuUsage, memoryUsageMb, gpuUsage = null } = sample;
      if (!sample.stamped && times.has(timeMs)) continue;
      times.add(timeMs);
      const inserted = insertSample.run(job, node, lastSample, timeMs, cpuUsage, memoryUsageMb, gpuUsage);
      lastSample = Number(inserted.lastInsertRowid);
      usage = applySample(usage, sample);
      added = addSample(added, sample);
    }
    if (usage && added.samples > 0) {
      usages.save({ job, node, isNew: !target.usage }, usage, lastSample, added);
    }
    return added.samples;
  }

  /** The times of a target's samples: those stored before, and those that this batch has added. */
  function knownTimes(target: Target, samples: () => JobSample[]) {
    const { oldestMs, newestMs } = target;
    const mayBeStored = (timeMs: number) =>
      oldestMs !== null && newestMs !== null && timeMs >= oldestMs && timeMs <= newestMs;
    const added = new Set<number>();
    let stored: Set<number> | undefined;
    return {
      has(timeMs: number): boolean {
        if (added.has(timeMs)) return true;
        // Nearly all samples are newer than everything known, and cost no look-up.
        if (!mayBeStored(timeMs)) return false;
        // Asked once for all samples of the target.
        stored ??= findStored(
          samples()
            .filter((sample) => !sample.stamped && mayBeStored(sample.timeMs))
            .map((sample) => sample.timeMs),
          target,
        );
        return stored.has(timeMs);
      },
      add: (timeMs: number) => void added.add(timeMs),
    };
  }

  return {
    record(samples: readonly JobSample[]): BatchResult {
      const groups = gather(samples);
      findTargets(groups);
      let stored = 0;
      let repeated = 0;
      for (const { target, indexes } of groups) {
        if (!target) continue;
        const added = store(target, indexes, samples);
        stored += added;
        repeated += indexes.length - added;
      }
      const refused = samples.length - stored - repeated;
      return { stored, repeated, refused, refusals: refused > 0 ? explainRefused(groups) : [] };
    },
  };
}

function gather(samples: readonly JobSample[]): Group[] {
  const groups: Group[] = [];
  const alone = new Map<string, Group>();
  const named = new Map<string, Map<string, Group>>();
  for (const [index, { jobId, node }] of samples.entries()) {
    const known = node === undefined ? alone.get(jobId) : named.get(jobId)?.get(node);
    if (known) {
      known.indexes.push(index);
      continue;
    }
    const group = { jobId, node, indexes: [index], target: null, isJobKnown: false };
    groups.push(group);
    if (node === undefined) alone.set(jobId, group);
    else named.set(jobId, (named.get(jobId) ?? new Map<string, Group>()).set(node, group));
  }
  return groups;
}

function setTarget(group: Group, row: FoundRow): void {
  const [, job, node, , timeMs, cpuUsage, memoryUsageMb, gpuUsage, lastSample, oldestMs, newestMs, sealed] =
    row;
  group.isJobKnown = true;
  if (node === null) return;
  const usage = timeMs === null ? undefined : { timeMs, cpuUsage, memoryUsageMb, gpuUsage };
  group.target = { job, node, lastSample: lastSample ?? 0, oldestMs, newestMs, sealed: sealed ?? 0, usage };
}

/** Samples that name a job's first node belong together with those that name none. */
function moveSamples(from: Group, to: Group): void {
  to.indexes = [...to.indexes, ...from.indexes].sort((one, other) => one - other);
  from.indexes = [];
}

/** The first refusals, in the order of the batch. */
function explainRefused(groups: readonly Group[]): Refusal[] {
  return groups
    .filter(({ target }) => !target)
    .flatMap((group) => group.indexes.map((index) => ({ index, group })))
    .sort((one, other) => one.index - other.index)
    .slice(0, MAX_REFUSALS)
    .map(({ index, group: { jobId, node, isJobKnown } }): Refusal => {
      const { code, message } = isJobKnown ? notANode(node!) : jobNotFound(jobId);
      return { index, error: code as Refusal['error'], message };
    });
}
