import type { JobAnswer } from '../../api/job.ts';
import { getJson, jobPath, type Query } from '../parts/request.ts';
import { GPU_FIELDS, type Line, linesOfGpus, NODE_FIELDS } from './charts.ts';
import type { Row } from './series.ts';

/** More lines than this are told apart by nobody; then the mean of the job is drawn. */
export const MAX_LINES = 8;
const POINTS = 400;

/** The range that is shown, as ISO 8601; the whole run if it is empty. */
export interface Range {
  readonly from?: string;
  readonly to?: string;
}

interface Wanted {
  readonly job: JobAnswer;
  /** Undefined for the latest. */
  readonly run: number | undefined;
  readonly range: Range;
  /** Reads this node alone. */
  readonly node?: string | undefined;
}

export interface Lines {
  /** When they were read. */
  readonly timeMs: number;
  readonly nodes: readonly Line[];
  readonly gpus: readonly Line[];
}

/** Whether each node of a job has a line of its own. */
export const isByNode = ({ nodes }: JobAnswer): boolean => nodes.length <= MAX_LINES;

/** Reads what the plots show: a line a node, or the mean of a job of many; and a line a GPU. */
export async function readLines(
  { job, run, range, node: only }: Wanted,
  signal: AbortSignal,
): Promise<Lines> {
  const query = { max_points: POINTS, run, start_time: range.from, end_time: range.to };
  const read = async (more: Query) =>
    (await getJson<{ samples: Row[] }>(jobPath(job.id, '/metrics'), { ...query, ...more }, signal)).samples;
  // Of many nodes only the documented values: others would be read sample by sample.
  const timeMs = Date.now();
  if (!isByNode(job) && only === undefined)
    return { timeMs, nodes: [{ label: '', rows: await read({}) }], gpus: [] };
  const names = only !== undefined ? [only] : job.nodes.length > 0 ? job.nodes : [undefined];
  const fields = NODE_FIELDS.join(',');
  const [nodes, gpuRows] = await Promise.all([
    Promise.all(names.map(async (node) => ({ label: node ?? '', rows: await read({ node, fields }) }))),
    job.gpus === 0 ? [] : read({ by: 'gpu', node: only, fields: GPU_FIELDS.join(',') }),
  ]);
  return { timeMs, nodes: nodes.filter(({ rows }) => rows.length > 0), gpus: linesOfGpus(job, gpuRows) };
}
