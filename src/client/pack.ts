import { renderNodeReport } from '../api/node-report.ts';
import { renderSampleColumns, rowsOfColumns, type SampleColumns } from '../api/sample-columns.ts';
import type { SentRow } from '../api/sample-row.ts';
import type { NodeReport } from '../domain/node-report.ts';

/**
 * Writes samples, all of them with a time, and what the agent says of its node, as they are sent later:
 * columns in JSON, compressed with zstd.
 */
export const packSamples = (
  samples: readonly (SentRow & { readonly timeMs: number })[],
  report?: NodeReport,
): Uint8Array<ArrayBuffer> =>
  pack({
    ...(samples.length > 0 ? renderSampleColumns(samples) : { samples }),
    ...(report && { report: renderNodeReport(report) }),
  });

/** Writes a packed batch as rows, for a service that reads no columns; undefined if it has rows already. */
export function repackAsRows(packed: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  const body = JSON.parse(new TextDecoder().decode(Bun.zstdDecompressSync(packed)));
  if ('samples' in body) return undefined;
  const { columns, gpus, ...rest } = body as Partial<SampleColumns>;
  return pack({ ...rest, samples: columns ? rowsOfColumns({ columns, ...(gpus && { gpus }) }) : [] });
}

const pack = (body: unknown): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Bun.zstdCompressSync(JSON.stringify(body)));
