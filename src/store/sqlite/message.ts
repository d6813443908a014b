import type { JobSample } from '../../domain/store.ts';
import type { ThreadRequest, Write } from './write.ts';

/**
 * A request on its way to the writing thread: JSON text, which costs half of what a copied graph of objects does, and the
 * numbers of batches beside it, which are handed over without being copied.
 */
export interface Message {
  readonly text: string;
  /** Left out when there are none, because only plain text goes the fast way. */
  readonly columns?: readonly Float64Array<ArrayBuffer>[];
}

type SampleBatch = Extract<Write, { kind: 'recordSamples' }>;

/** What stands in the text for the samples of a batch: their names; a node of null is none. */
interface Names {
  readonly jobs: readonly string[];
  readonly nodes: readonly (string | null)[];
}
type PackedWrite = Exclude<Write, SampleBatch> | { readonly kind: 'recordSamples'; readonly samples: Names };
type PackedRequest =
  | Exclude<ThreadRequest, { kind: 'writes' }>
  | { readonly kind: 'writes'; readonly writes: readonly PackedWrite[] };

/** Numbers of a sample: time, CPU, memory, GPU (NaN: none), stamped (1) or not (0). */
const NUMBERS = 5;

/** Makes a message of a request; whoever sends it hands the buffers of its columns over. */
export function packRequest(request: ThreadRequest): Message {
  if (request.kind !== 'writes') return { text: JSON.stringify(request) };
  const columns: Float64Array<ArrayBuffer>[] = [];
  const writes = request.writes.map((write): PackedWrite => {
    if (write.kind !== 'recordSamples') return write;
    columns.push(packNumbers(write.samples));
    return { kind: 'recordSamples', samples: packNames(write.samples) };
  });
  const text = JSON.stringify({ kind: 'writes', writes } satisfies PackedRequest);
  return columns.length > 0 ? { text, columns } : { text };
}

/** The request that a message was made of. */
export function unpackRequest({ text, columns = [] }: Message): ThreadRequest {
  const request = JSON.parse(text) as PackedRequest;
  if (request.kind !== 'writes') return request;
  let batch = 0;
  const writes = request.writes.map(
    (write): Write =>
      write.kind === 'recordSamples'
        ? { kind: 'recordSamples', samples: unpackSamples(write.samples, columns[batch++]!) }
        : write,
  );
  return { kind: 'writes', writes };
}

const packNames = (samples: readonly JobSample[]): Names => ({
  jobs: samples.map(({ jobId }) => jobId),
  nodes: samples.map(({ node }) => node ?? null),
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

function unpackSamples({ jobs, nodes }: Names, numbers: Float64Array): JobSample[] {
  let at = 0;
  return jobs.map((jobId, index) => {
    const sample: { -readonly [Key in keyof JobSample]: JobSample[Key] } = {
      jobId,
      timeMs: numbers[at++]!,
      cpuUsage: numbers[at++]!,
      memoryUsageMb: numbers[at++]!,
      stamped: numbers[at + 1] === 1,
    };
    const gpuUsage = numbers[at]!;
    at += 2;
    const node = nodes[index]!;
    if (node !== null) sample.node = node;
    if (!Number.isNaN(gpuUsage)) sample.gpuUsage = gpuUsage;
    return sample;
  });
}
