import type { NodeAmountAnswer, NodeSummaryAnswer } from '../../api/node-list.ts';

// What the fill of a tile can show. Pure.

/** One thing that tiles can show. */
export interface Measure {
  readonly label: string;
  /** What the ends of the scale mean. */
  readonly ends: (nodes: readonly NodeSummaryAnswer[]) => readonly [low: string, high: string];
  /** Returns for each node a share from 0 to 1; undefined if it is not known. */
  readonly shares: (nodes: readonly NodeSummaryAnswer[], nowMs: number) => readonly (number | undefined)[];
  /** Of what was given to jobs, where that is another value. */
  readonly given?: (node: NodeSummaryAnswer) => number | undefined;
}

/** The report of an agent that is older than this is as old as can be. */
const OLDEST_MS = 5 * 60_000;

const shareOf = (value: number | undefined, total: number | undefined): number | undefined =>
  value === undefined || !total ? undefined : Math.min(1, value / total);

const amount = (label: string, of: (node: NodeSummaryAnswer) => NodeAmountAnswer): Measure => ({
  label,
  ends: () => ['0 %', '100 % used'],
  shares: (nodes) => nodes.map((node) => shareOf(of(node).used, of(node).total)),
  given: (node) => shareOf(of(node).allocated, of(node).total),
});

const mostJobs = (nodes: readonly NodeSummaryAnswer[]): number =>
  nodes.reduce((most, { jobs }) => Math.max(most, jobs), 1);

export const MEASURES = {
  cpu: amount('CPU', ({ cpus }) => cpus),
  gpu: amount('GPU', ({ gpus }) => gpus),
  memory: amount('Memory', ({ memory_mb }) => memory_mb),
  jobs: {
    label: 'Jobs',
    ends: (nodes) => ['0', `${mostJobs(nodes)} jobs`],
    shares(nodes) {
      const most = mostJobs(nodes);
      return nodes.map(({ jobs }) => jobs / most);
    },
  },
  age: {
    label: 'Age of data',
    ends: () => ['now', '5 min or older'],
    shares: (nodes, nowMs) =>
      nodes.map(({ agent }) =>
        agent ? Math.min(1, Math.max(0, nowMs - Date.parse(agent.received)) / OLDEST_MS) : undefined,
      ),
  },
} as const satisfies Record<string, Measure>;

export type MeasureName = keyof typeof MEASURES;
export const MEASURE_NAMES = Object.keys(MEASURES) as MeasureName[];
