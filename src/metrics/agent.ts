import { MEASURES, type Measured, type MeasureName } from '../domain/measure.ts';
import { isSilent, type ReceivedReport } from '../domain/node-report.ts';
import { escapeLabel, type Family, growFamilies, joinPieces } from './exposition.ts';
import { familyOf } from './job-measures.ts';
import { renderNodes } from './nodes.ts';

/** What the agent of a node read last. */
export interface AgentRound {
  readonly received: ReceivedReport;
  readonly jobs: readonly AgentJob[];
}

/** A job on the node, named by its id or by the SLUID of its run. */
export interface AgentJob {
  readonly key: { readonly jobId: string } | { readonly sluid: string };
  readonly values: Measured;
  readonly gpus: readonly { readonly gpu: string; readonly values: Measured }[];
}

/** What the agent itself counts since its start; absent if it sends nothing. */
export interface AgentCounts {
  readonly sent: number;
  readonly failures: number;
  readonly refusedBatches: number;
  readonly refusedSamples: number;
  readonly droppedBatches: number;
  readonly waitingBatches: number;
  readonly waitingBytes: number;
}

const OF_JOB = ['job_id or sluid', 'node'];
const MEASURED = [...MEASURES].map(([name, measure]) => ({
  name,
  family: familyOf(name, measure.of === 'gpu' ? [...OF_JOB, 'gpu'] : OF_JOB),
}));
const PLACES: ReadonlyMap<MeasureName, number> = new Map(MEASURED.map(({ name }, place) => [name, place]));

const COUNTS: readonly (readonly [key: keyof AgentCounts, name: string, help: string])[] = [
  ['sent', 'hpc_agent_batches_sent_total', 'Batches that the service has acknowledged'],
  ['failures', 'hpc_agent_send_failures_total', 'Attempts to send that failed and are repeated'],
  ['refusedBatches', 'hpc_agent_batches_refused_total', 'Batches that the service refused for ever'],
  ['refusedSamples', 'hpc_agent_samples_refused_total', 'Samples that the service refused one by one'],
  ['droppedBatches', 'hpc_agent_batches_dropped_total', 'Batches for which the spool had no room'],
  ['waitingBatches', 'hpc_agent_spool_batches', 'Batches that wait to be sent'],
  ['waitingBytes', 'hpc_agent_spool_bytes', 'Size of the batches that wait to be sent'],
];
const COUNT_FAMILIES = COUNTS.map(
  ([, name, help]): Family => ({
    name,
    type: name.endsWith('_total') ? 'counter' : 'gauge',
    help,
    labels: [],
  }),
);

/** Renders the page of one node: its values, the measures of its jobs, and what its agent counts. */
export async function renderAgent(
  round: AgentRound,
  counts: AgentCounts | undefined,
  nowMs: number,
): Promise<Uint8Array<ArrayBuffer>> {
  async function* nodeReports(): AsyncGenerator<ReceivedReport[]> {
    yield [round.received];
  }
  const node = await renderNodes({ nodeReports }, { nowMs, maxSeries: Infinity, isLocal: true });
  const jobs = growFamilies(MEASURED.map(({ family }) => family));
  if (!isSilent(round.received, nowMs)) jobs.append(jobLines(round));
  const own = growFamilies(COUNT_FAMILIES);
  own.append(COUNTS.map(([key, name]) => (counts ? `${name} ${counts[key]}\n` : '')));
  return joinPieces([...node, ...jobs.known(), ...own.known()]);
}

function jobLines({ jobs, received }: AgentRound): string[] {
  const lines = MEASURED.map(() => '');
  const add = (values: Measured, labels: string) => {
    for (const [name, value] of Object.entries(values) as [MeasureName, number][]) {
      const place = PLACES.get(name);
      if (place !== undefined) lines[place]! += `${MEASURED[place]!.family.name}{${labels}} ${value}\n`;
    }
  };
  const node = `node="${escapeLabel(received.report.node)}"`;
  for (const { key, values, gpus } of jobs) {
    const name = 'sluid' in key ? `sluid="${escapeLabel(key.sluid)}"` : `job_id="${escapeLabel(key.jobId)}"`;
    add(values, `${name},${node}`);
    for (const { gpu, values: ofGpu } of gpus) add(ofGpu, `${name},${node},gpu="${escapeLabel(gpu)}"`);
  }
  return lines;
}
