import { describe } from 'bun:test';
import { access } from './contract/access.ts';
import { arrays } from './contract/arrays.ts';
import { batches } from './contract/batches.ts';
import { bigJobs } from './contract/bigjobs.ts';
import { changes } from './contract/changes.ts';
import { events } from './contract/events.ts';
import { expiry } from './contract/expiry.ts';
import { fields } from './contract/fields.ts';
import { findings } from './contract/findings.ts';
import { heatMaps } from './contract/heat-maps.ts';
import { history } from './contract/history.ts';
import { jobs } from './contract/jobs.ts';
import { joinedRuns } from './contract/joined-runs.ts';
import { keptSamples } from './contract/kept-samples.ts';
import { lifetime } from './contract/lifetime.ts';
import { lists } from './contract/lists.ts';
import { anyLists } from './contract/lists-any.ts';
import { figureLists } from './contract/lists-figures.ts';
import { live } from './contract/live.ts';
import { liveMeasures } from './contract/live-measures.ts';
import { measureSummaries } from './contract/measure-summaries.ts';
import { names } from './contract/names.ts';
import { nodeJobs } from './contract/node-jobs.ts';
import { nodeReports } from './contract/node-reports.ts';
import { overview } from './contract/overview.ts';
import type { Place } from './contract/place.ts';
import { policies } from './contract/policies.ts';
import { reports } from './contract/reports.ts';
import { requeued } from './contract/requeued.ts';
import { samples } from './contract/samples.ts';
import { sizing } from './contract/sizing.ts';
import { sluids } from './contract/sluids.ts';
import { sparklines } from './contract/sparklines.ts';
import { tallies } from './contract/tallies.ts';
import { throughput } from './contract/throughput.ts';
import { usage } from './contract/usage.ts';
import { views } from './contract/views.ts';

/** The promises of `domain/store/`, in sections that take about as long as each other. */
const SECTIONS = {
  jobs: [jobs, samples, usage, arrays, names, findings, sizing, sluids, overview, sparklines, bigJobs],
  lists: [lists, anyLists, figureLists],
  runs: [reports, events, requeued, joinedRuns, keptSamples, throughput, tallies, nodeReports, nodeJobs],
  samples: [batches, live, changes, measureSummaries, liveMeasures, history, fields, heatMaps, expiry],
  views: [views, access, lifetime],
  policies: [policies],
};

/**
 * Checks that an engine keeps the promises of a section. `makePlace` returns an empty place for each test.
 * Each section has a file of its own, because files run at the same time.
 */
export function describeStore(name: string, section: keyof typeof SECTIONS, makePlace: () => Place): void {
  for (const part of SECTIONS[section]) describe(`${name}: ${part.name}`, () => part(makePlace));
}
