import type { JobSample } from '../../../domain/store/samples.ts';
import { nameGpusOnce, packMeasures, unpackMeasures } from '../../chunk/row-measures.ts';
import type { BatchNames } from '../../writer/batch-names.ts';
import type { Write } from '../../writer/write.ts';
import type { ThreadRequest } from './protocol.ts';

/**
 * A request on its way to the writing thread: JSON text, which costs half as much as a structured clone, and
 * the samples of its batches as columns, in the order of the batches.
 */
export interface Message {
  readonly text: string;
  /** Omitted if there are none: Bun posts an object of strings faster. */
  readonly batches?: readonly PackedSamples[];
}

/**
 * The columns of a batch of samples. Names are joined with "\n" (identities contain no control characters):
 * splitting is cheaper than parsing JSON.
 */
interface PackedSamples {
  readonly jobs: string;
  /** '' where a sample names no node. */
  readonly nodes: string;
  /** '' where a sample names no run; omitted if no sample does. */
  readonly sluids?: string;
  /** Its buffer is transferred, not copied. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** Further measures as in a log row, transferred too; omitted if there are none. */
  readonly further?: Uint8Array<ArrayBuffer>;
}

type SampleBatch = Write<'recordSamples'>;
type PackedWrite = Exclude<Write, SampleBatch> | Pick<SampleBatch, 'kind' | 'report'>;
type PackedRequest =
  | Exclude<ThreadRequest, { kind: 'writes' }>
  | { readonly kind: 'writes'; readonly firstId: number; readonly writes: readonly PackedWrite[] };

/** Numbers per sample: time, CPU, memory, GPU (NaN if not measured), stamped (1 or 0). */
const NUMBERS = 5;

/** Packs a request into a message. The sender transfers the buffers of its batches. */
export function packRequest(request: ThreadRequest): Message {
  if (request.kind !== 'writes') return { text: JSON.stringify(request) };
  const batches: PackedSamples[] = [];
  const writes = request.writes.map((write): PackedWrite => {
    if (write.kind !== 'recordSamples') return write;
    batches.push(packSamples(write));
    return { kind: write.kind, ...(write.report && { report: write.report }) };
  });
  const text = JSON.stringify({ kind: 'writes', firstId: request.firstId, writes } satisfies PackedRequest);
  return batches.length > 0 ? { text, batches } : { text };
}

/** Unpacks the request in a message. `readNames` splits the names of a batch. */
export function unpackRequest(
  { text, batches = [] }: Message,
  readNames: (jobs: string, nodes: string) => BatchNames,
): ThreadRequest {
  const request = JSON.parse(text) as PackedRequest;
  if (request.kind !== 'writes') return request;
  let batch = 0;
  const writes = request.writes.map(
    (write): Write =>
      write.kind === 'recordSamples' ? { ...write, ...unpackSamples(batches[batch++]!, readNames) } : write,
  );
  return { kind: 'writes', firstId: request.firstId, writes };
}

const packSamples = ({ samples, measures }: SampleBatch): PackedSamples => ({
  jobs: samples.map(({ jobId }) => jobId).join('\n'),
  nodes: samples.map(({ node = '' }) => node).join('\n'),
  ...(samples.some(({ sluid }) => sluid !== undefined) && {
    sluids: samples.map(({ sluid = '' }) => sluid).join('\n'),
  }),
  numbers: packNumbers(samples),
  ...(measures && { further: packMeasures(nameGpusOnce(measures), samples.length) }),
});

function packNumbers(samples: readonly JobSample[]): Float64Array<ArrayBuffer> {
  const numbers = new Float64Array(samples.length * NUMBERS);
  let at = 0;
  for (const { timeMs, cpuUsage, memoryUsageMb, gpuUsage, stamped } of samples) {
    numbers[at++] = timeMs;
    numbers[at++] = cpuUsage;
    numbers[at++] = memoryUsageMb;
    numbers[at++] = gpuUsage ?? Number.NaN;
    numbers[at++] = Number(stamped);
  }
  return numbers;
}

function unpackSamples(
  { jobs, nodes, sluids, numbers, further }: PackedSamples,
  readNames: (jobs: string, nodes: string) => BatchNames,
): Omit<SampleBatch, 'kind'> {
  if (numbers.length === 0) return { samples: [] };
  const names = readNames(jobs, nodes);
  const runs = sluids?.split('\n');
  let at = 0;
  const samples = names.jobs.map((jobId, index) => {
    const sample: { -readonly [Key in keyof JobSample]: JobSample[Key] } = {
      jobId,
      timeMs: numbers[at++]!,
      cpuUsage: numbers[at++]!,
      memoryUsageMb: numbers[at++]!,
      stamped: numbers[at + 1] === 1,
    };
    const gpuUsage = numbers[at]!;
    at += 2;
    const node = names.nodes[index]!;
    if (node !== '') sample.node = node;
    const sluid = runs?.[index];
    if (sluid) sample.sluid = sluid;
    if (!Number.isNaN(gpuUsage)) sample.gpuUsage = gpuUsage;
    return sample;
  });
  return { samples, names, ...(further && { further: unpackMeasures(further, samples.length) }) };
}
