import type { JobSample } from '../../../domain/store/samples.ts';
import { batchNameReader } from './batch-names.ts';
import type { ThreadRequest, Write } from './write.ts';

/**
 * A request on its way to the writing thread: JSON text, which costs half of what a copied graph of objects does, and
 * beside it what batches of samples consist of, in the order of the batches.
 */
export interface Message {
  readonly text: string;
  /** Left out when there are none, because only plain text goes the fast way. */
  readonly batches?: readonly PackedSamples[];
}

/** The columns of a batch of samples. Names are joined by line breaks, which no name has: to split them costs less than JSON. */
interface PackedSamples {
  readonly jobs: string;
  /** '' where a sample names none. */
  readonly nodes: string;
  /** '' where a sample names none; left out when none does. */
  readonly sluids?: string;
  /** Handed over without being copied. */
  readonly numbers: Float64Array<ArrayBuffer>;
}

type SampleBatch = Extract<Write, { kind: 'recordSamples' }>;
type PackedWrite = Exclude<Write, SampleBatch> | Pick<SampleBatch, 'kind'>;
type PackedRequest =
  | Exclude<ThreadRequest, { kind: 'writes' }>
  | { readonly kind: 'writes'; readonly firstId: number; readonly writes: readonly PackedWrite[] };

/** Numbers of a sample: time, CPU, memory, GPU (NaN: none), stamped (1) or not (0). */
const NUMBERS = 5;

/** Makes a message of a request; whoever sends it hands the buffers of its numbers over. */
export function packRequest(request: ThreadRequest): Message {
  if (request.kind !== 'writes') return { text: JSON.stringify(request) };
  const batches: PackedSamples[] = [];
  const writes = request.writes.map((write): PackedWrite => {
    if (write.kind !== 'recordSamples') return write;
    batches.push(packSamples(write.samples));
    return { kind: write.kind };
  });
  const text = JSON.stringify({ kind: 'writes', firstId: request.firstId, writes } satisfies PackedRequest);
  return batches.length > 0 ? { text, batches } : { text };
}

/** The request that a message was made of. */
export function unpackRequest({ text, batches = [] }: Message): ThreadRequest {
  const request = JSON.parse(text) as PackedRequest;
  if (request.kind !== 'writes') return request;
  let batch = 0;
  const writes = request.writes.map(
    (write): Write =>
      write.kind === 'recordSamples' ? { kind: 'recordSamples', ...unpackSamples(batches[batch++]!) } : write,
  );
  return { kind: 'writes', firstId: request.firstId, writes };
}

const packSamples = (samples: readonly JobSample[]): PackedSamples => ({
  jobs: samples.map(({ jobId }) => jobId).join('\n'),
  nodes: samples.map(({ node = '' }) => node).join('\n'),
  ...(samples.some(({ sluid }) => sluid !== undefined) && {
    sluids: samples.map(({ sluid = '' }) => sluid).join('\n'),
  }),
  numbers: packNumbers(samples),
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

/** One for the thread, because batches that name the same come again. */
const readNames = batchNameReader();

function unpackSamples({
  jobs,
  nodes,
  sluids,
  numbers,
}: PackedSamples): Pick<SampleBatch, 'samples' | 'names'> {
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
  return { samples, names };
}
