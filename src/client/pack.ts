import { renderSampleRow, type SentRow } from '../api/sample-batch.ts';

/** Writes samples, all of them with a time, as they are sent later: JSON, compressed with zstd. */
export const packSamples = (
  samples: readonly (SentRow & { readonly timeMs: number })[],
): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Bun.zstdCompressSync(JSON.stringify({ samples: samples.map(renderSampleRow) })));
