import type { Database } from 'bun:sqlite';
import type { BatchMeasures } from '../../src/domain/batch-measures.ts';
import type { SampleColumns } from '../../src/domain/readings.ts';
import { unpackColumns } from '../../src/store/chunk/chunk.ts';
import type { WantedMeasures } from '../../src/store/chunk/wanted.ts';
import { runThrough, unsealedReader } from '../../src/store/sqlite/samples/unsealed.ts';

/** Further measures of one sample by code, and those of each GPU by UUID and code. */
export interface Further {
  readonly job?: Readonly<Record<number, number>>;
  readonly gpus?: Readonly<Record<string, Readonly<Record<number, number>>>>;
}

/** Returns the measures of samples as a batch has them. */
export function batchMeasures(list: readonly Further[]): BatchMeasures {
  const codesOf = (some: readonly Readonly<Record<number, number>>[]) => [
    ...new Set(some.flatMap((one) => Object.keys(one).map(Number))),
  ];
  const readings = list.flatMap(({ gpus = {} }, sample) =>
    Object.entries(gpus).map(([name, values]) => ({ sample, name, values })),
  );
  const column = (some: readonly Readonly<Record<number, number>>[], code: number) =>
    [code, Float64Array.from(some, (one) => one[code] ?? Number.NaN)] as const;
  const jobs = list.map(({ job = {} }) => job);
  const values = readings.map((reading) => reading.values);
  return {
    columns: new Map(codesOf(jobs).map((code) => column(jobs, code))),
    ...(readings.length > 0 && {
      gpus: {
        samples: Uint32Array.from(readings, ({ sample }) => sample),
        names: readings.map(({ name }) => name),
        columns: new Map(codesOf(values).map((code) => column(values, code))),
      },
    }),
  };
}

/** Returns a text for each sample: its time and CPU, and its further measures in order. */
export const listed = ({ count, times, cpu, further = [] }: SampleColumns): string[] =>
  Array.from({ length: count }, (_, row) => {
    const measured = further.filter(({ values }) => !Number.isNaN(values[row]!));
    return [
      `${times[row]} ${cpu[row]}`,
      ...measured.map(({ code, gpu, values }) => `${gpu}:${code}=${values[row]}`),
    ].join(' ');
  });

/** Returns what `listed` gives for one sample. */
export const listedOne = (timeMs: number, cpuUsage: number, { job = {}, gpus = {} }: Further): string => {
  const text = (gpu: string, values: Readonly<Record<number, number>>) =>
    Object.entries(values).map(([code, value]) => `${gpu}:${code}=${value}`);
  const ofGpus = Object.keys(gpus)
    .sort()
    .flatMap((gpu) => text(gpu, gpus[gpu]!));
  return [`${timeMs} ${cpuUsage}`, ...text('', job), ...ofGpus].join(' ');
};

interface ChunkRow {
  readonly node: string;
  readonly data: Uint8Array;
}

/** Reads all samples of a run, sealed ones first, by the name of the node. */
export function readWide(db: Database, job: number, wanted: WantedMeasures = 'all') {
  const names = db.query<{ id: number; name: string }, []>('SELECT id, name FROM node').all();
  const nameOf = (id: number) => names.find((row) => row.id === id)!.name;
  const chunks = db
    .query<ChunkRow, [number]>(
      `SELECT (SELECT name FROM node WHERE id = chunk.node) AS node, data FROM chunk
        WHERE job = ? AND tier = 0 ORDER BY start_time, seq`,
    )
    .all(job)
    .map(({ node, data }) => ({ node, columns: unpackColumns(data, wanted) }));
  const unsealed = [...runThrough(unsealedReader(db).readJob(job, { wanted }))].map(([node, columns]) => ({
    node: nameOf(node),
    columns,
  }));
  return { chunks, unsealed };
}
