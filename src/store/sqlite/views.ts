import type { Database } from 'bun:sqlite';
import type { Sight } from '../../domain/caller.ts';
import { nodesNotSeen } from '../../domain/errors.ts';
import type { View } from '../../domain/store/view.ts';
import { readArray } from './arrays/read.ts';
import type { LongReads } from './file/long-reads.ts';
import { readEndedJobs } from './jobs/ended.ts';
import { eventReader } from './jobs/events.ts';
import { jobReader } from './jobs/read.ts';
import { readRunningJobs } from './jobs/running.ts';
import type { JobLists } from './lists/lists.ts';
import { nameLister } from './lists/names.ts';
import { readingReader, runReader } from './samples/read.ts';
import { sparklineReader } from './samples/sparklines.ts';
import { pastRunReader } from './sizing/past-runs.ts';
import { behindReader } from './tallies/behind.ts';
import { findingReader } from './tallies/findings.ts';
import { holdingReader } from './tallies/holdings.ts';
import { tallyReader } from './tallies/read.ts';
import { nodeTallyReader } from './tallies/read-nodes.ts';
import { runningFindingReader } from './tallies/running-findings.ts';

interface ViewOptions {
  readonly db: Database;
  readonly lists: JobLists;
  readonly reads: LongReads;
  /** Gives all queries of a read one snapshot. */
  readonly read: <Value>(run: () => Value) => Promise<Value>;
  /** Returns the value of a read in steps if it ends within one slice; undefined if it would take longer. */
  readonly readAtOnce: <Value>(steps: () => Generator<undefined, Value>) => Value | undefined;
}

/**
 * Returns the reads on behalf of somebody. Everybody asks through the same functions, which check within the
 * snapshot of the read.
 */
export function viewReader({ db, lists, reads, read, readAtOnce }: ViewOptions): (sight: Sight) => View {
  const { stream, streamMuch, streamFirst, compute, computeMuch } = reads;
  const jobs = jobReader(db);
  const readEvents = eventReader(db);
  const listNames = nameLister(db);
  const readPastRuns = pastRunReader(db);
  const readBehind = behindReader(db);
  /** What all may see is read once for everybody; the reads of single callers wait for each other. */
  const streamFor = (sight: Sight) => (sight === 'all' ? streamFirst : stream);

  return (sight) => ({
    getJob: async (id) =>
      readAtOnce(() => jobs.find(id, sight)) ??
      compute((connection) => jobReader(connection).find(id, sight)),
    listJobs: (filter, page, signal) => lists.list({ ...filter, sight }, page, signal),
    streamJobs: (filter, start, signal) => lists.stream({ ...filter, sight }, start, signal),
    runningJobs: () => streamFor(sight)((connection) => readRunningJobs(connection, sight)),
    endedJobs: (sinceMs) => streamFor(sight)((connection) => readEndedJobs(connection, sinceMs, sight)),
    listNames: (kind, prefix) => read(() => listNames(kind, prefix, sight)),
    readArray: (id, nowMs, signal) =>
      computeMuch((connection) => readArray(connection, id, nowMs, sight), signal),
    streamRuns: (id, signal) => stream((connection) => runReader(connection)(id, sight), signal),
    listEvents: (id) => read(() => readEvents(id, sight)),
    listPastRuns: (job) => read(() => readPastRuns(job)),
    listSamples: (id, query, limit, signal) =>
      computeMuch((connection) => readingReader(connection).list(id, query, limit, sight), signal),
    plotSamples: (id, query, maxPoints, signal) =>
      computeMuch((connection) => readingReader(connection).plot(id, query, maxPoints, sight), signal),
    readSparklines: (ids, maxPoints, signal) =>
      compute((connection) => sparklineReader(connection)(ids, maxPoints, sight), signal),
    mapSamples: (id, query, signal) =>
      computeMuch((connection) => readingReader(connection).map(id, query, sight), signal),
    traceSamples: (id, run, signal) =>
      computeMuch((connection) => readingReader(connection).trace(id, run, sight), signal),
    streamSamples: (id, query, signal) =>
      streamMuch((connection) => readingReader(connection).stream(id, query, sight), signal),
    summarizeJob: (id, run, signal) =>
      compute((connection) => readingReader(connection).summary(id, run, sight), signal),
    sumTallies: (query, signal) => compute((connection) => tallyReader(connection)(query, sight), signal),
    sumNodeTallies: async (range, signal) => {
      if (sight !== 'all') throw nodesNotSeen();
      return compute((connection) => nodeTallyReader(connection)(range), signal);
    },
    sumFindings: (query, signal) => compute((connection) => findingReader(connection)(query, sight), signal),
    areTalliesBehind: () => read(readBehind),
    sumRunningFindings: (filter, signal) =>
      compute((connection) => runningFindingReader(connection)(filter, sight), signal),
    countHoldings: (holder, signal) =>
      compute((connection) => holdingReader(connection)(holder, sight), signal),
  });
}
