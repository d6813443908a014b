import type { Sight } from '../../domain/caller.ts';
import { nodesNotSeen } from '../../domain/errors.ts';
import type { View } from '../../domain/store/view.ts';
import { readArray } from './arrays/read.ts';
import { readEndedJobs } from './jobs/ended.ts';
import { readEvents } from './jobs/events.ts';
import { readJob } from './jobs/read.ts';
import { readRunningJobs } from './jobs/running.ts';
import type { JobLists } from './lists/lists.ts';
import { listNames } from './lists/names.ts';
import {
  listReadings,
  mapReadings,
  plotReadings,
  readRuns,
  readSummary,
  streamReadings,
  traceReadings,
} from './samples/read.ts';
import { readSparklines } from './samples/sparklines.ts';
import type { StoreReads } from './server/reads.ts';
import { readPastRuns } from './sizing/past-runs.ts';
import { areTalliesBehind } from './tallies/behind.ts';
import { countRunningFindings, sumFindings } from './tallies/findings.ts';
import { readHoldings } from './tallies/holdings.ts';
import { readTallies } from './tallies/read.ts';
import { readNodeTallies } from './tallies/read-nodes.ts';

/**
 * Returns the reads on behalf of somebody. Everybody asks through the same functions, which check within the
 * snapshot of the read.
 */
export const viewReader =
  (reads: StoreReads, lists: JobLists) =>
  (sight: Sight): View => ({
    getJob: (id) => reads.read((db) => readJob(db, id, sight)),
    listJobs: (filter, page, signal) => lists.list({ ...filter, sight }, page, signal),
    streamJobs: (filter, start, signal) => lists.stream({ ...filter, sight }, start, signal),
    runningJobs: () => reads.stream((db) => readRunningJobs(db, sight)),
    endedJobs: (sinceMs) => reads.stream((db) => readEndedJobs(db, sinceMs, sight)),
    listNames: (kind, prefix) => reads.read((db) => listNames(db, kind, prefix, sight)),
    readArray: (id, nowMs, signal) => reads.computeMuch((db) => readArray(db, id, nowMs, sight), signal),
    streamRuns: (id, signal) => reads.stream((db) => readRuns(db, id, sight), signal),
    listPastRuns: (job) => reads.read((db) => readPastRuns(db, job)),
    listEvents: (id) => reads.read((db) => readEvents(db, id, sight)),
    listSamples: (id, query, limit, signal) =>
      reads.computeMuch((db) => listReadings(db, id, query, limit, sight), signal),
    plotSamples: (id, query, maxPoints, signal) =>
      reads.computeMuch((db) => plotReadings(db, id, query, maxPoints, sight), signal),
    readSparklines: (ids, maxPoints, signal) =>
      reads.compute((db) => readSparklines(db, ids, maxPoints, sight), signal),
    mapSamples: (id, query, signal) => reads.computeMuch((db) => mapReadings(db, id, query, sight), signal),
    traceSamples: (id, run, signal) => reads.computeMuch((db) => traceReadings(db, id, run, sight), signal),
    streamSamples: (id, query, signal) =>
      reads.streamMuch((db) => streamReadings(db, id, query, sight), signal),
    summarizeJob: (id, run, signal) => reads.compute((db) => readSummary(db, id, run, sight), signal),
    sumTallies: (query, signal) => reads.compute((db) => readTallies(db, query, sight), signal),
    sumNodeTallies: async (range, signal) => {
      if (sight !== 'all') throw nodesNotSeen();
      return reads.compute((db) => readNodeTallies(db, range), signal);
    },
    sumFindings: (query, signal) => reads.compute((db) => sumFindings(db, query, sight), signal),
    areTalliesBehind: () => reads.read(areTalliesBehind),
    sumRunningFindings: (filter, signal) =>
      reads.compute((db) => countRunningFindings(db, filter, sight), signal),
    countHoldings: (holder, signal) => reads.compute((db) => readHoldings(db, holder, sight), signal),
  });
