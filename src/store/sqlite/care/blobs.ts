import type { Database, Statement } from 'bun:sqlite';
import { type Checked, type CheckOptions, MAX_NAMED } from '../../../domain/checked.ts';
import { ChunkError } from '../../chunk/bytes.ts';
import { unpackColumns } from '../../chunk/chunk.ts';
import { seriesOf } from '../../chunk/log-row.ts';
import { unpackTotals } from '../../chunk/measure-totals.ts';
import { unpackPoints } from '../../chunk/points.ts';
import { unpackQuarters } from '../../chunk/quarters.ts';
import { unpackMeasures } from '../../chunk/row-measures.ts';

/** Rows read in one query, each a short read, so that the log of a service that writes does not grow. */
const ROWS_AT_ONCE = 200;

interface BlobRow {
  readonly seq: number;
  /** Where it belongs, for people. */
  readonly place: string;
  readonly data: Uint8Array;
  readonly other: Uint8Array | null;
  /** Samples that a chunk has, and bytes that a row of the log has. */
  readonly expected: number;
}

interface Kind {
  readonly name: string;
  readonly sql: string;
  /** Throws if it cannot be read. Returns how many values it has. */
  readonly unpack: (row: BlobRow) => number;
}

const CHUNK_PLACE = `(SELECT 'job ' || coalesce((SELECT id FROM job WHERE seq = chunk.job), chunk.job) || ' on '
  || coalesce((SELECT name FROM node WHERE id = chunk.node), chunk.node)
  || ' from ' || strftime('%Y-%m-%dT%H:%M:%SZ', start_time / 1000, 'unixepoch'))`;

const KINDS: readonly Kind[] = [
  {
    name: 'chunks of samples',
    sql: `SELECT seq, ${CHUNK_PLACE} AS place, data, NULL AS other, samples AS expected
            FROM chunk WHERE seq > ? AND tier = 0 ORDER BY seq LIMIT ${ROWS_AT_ONCE}`,
    unpack: ({ data, expected }) => {
      const { count } = unpackColumns(data, 'all');
      if (count !== expected) throw new ChunkError(`It has ${count} samples instead of ${expected}.`);
      return count;
    },
  },
  {
    name: 'chunks of points',
    sql: `SELECT seq, ${CHUNK_PLACE} AS place, data, NULL AS other, samples AS expected
            FROM chunk WHERE seq > ? AND tier = 1 ORDER BY seq LIMIT ${ROWS_AT_ONCE}`,
    unpack: ({ data }) => unpackPoints(data).length,
  },
  {
    name: 'quarters',
    sql: `SELECT chunk AS seq, 'chunk ' || chunk AS place, points AS data, NULL AS other, 0 AS expected
            FROM chunk_point WHERE chunk > ? ORDER BY chunk LIMIT ${ROWS_AT_ONCE}`,
    unpack: ({ data }) => unpackQuarters(data).count,
  },
  {
    name: 'rows of the log',
    sql: `SELECT seq, 'row ' || seq AS place, series AS data, further AS other, length(data) AS expected
            FROM log WHERE seq > ? ORDER BY seq LIMIT ${ROWS_AT_ONCE}`,
    unpack: ({ data, other, expected }) => {
      const { length } = seriesOf(data);
      if (expected !== length * 24 && expected !== length * 32)
        throw new ChunkError('Its columns differ in length.');
      if (other) unpackMeasures(other, length);
      return length;
    },
  },
  {
    name: 'totals of measures',
    sql: `SELECT usage AS seq, 'series ' || usage AS place, data, NULL AS other, 0 AS expected
            FROM sealed_measures WHERE usage > ? ORDER BY usage LIMIT ${ROWS_AT_ONCE}`,
    unpack: ({ data }) => unpackTotals(data).length,
  },
];

/** Reads every blob. Damaged ones are named by job, node and time. */
export async function checkBlobs(db: Database, { onProgress = () => {} }: CheckOptions): Promise<Checked> {
  const damages: string[] = [];
  let blobs = 0;
  let damaged = 0;
  for (const [at, { name, sql, unpack }] of KINDS.entries()) {
    for (const rows of pagesOf(db.query<BlobRow, [number]>(sql))) {
      const faults = rows.flatMap((row) => findFault(row, unpack) ?? []);
      damages.push(...faults.slice(0, MAX_NAMED - damages.length).map((fault) => `${name}, ${fault}`));
      damaged += faults.length;
      blobs += rows.length;
      onProgress(at / KINDS.length, `${name}, ${blobs} blobs`);
      await Bun.sleep(0);
    }
  }
  if (damaged > damages.length) damages.push(`and ${damaged - damages.length} more`);
  return {
    part: 'samples',
    looked: `${blobs} blobs`,
    damages,
    advice:
      'Reads of these spans fail and name the job; all others work, and new samples are stored. A backup from before the ' +
      'damage has them (hpc-observe restore); without one nothing needs to be done.',
  };
}

/** Yields the rows of a query in the order of `seq`, in short reads. */
function* pagesOf(select: Statement<BlobRow, [number]>): Generator<BlobRow[]> {
  for (let rows = select.all(-1); rows.length > 0; rows = select.all(rows.at(-1)!.seq)) yield rows;
}

/** Whatever is thrown is a damage: bytes that are wrong may break a reader anywhere. */
function findFault(row: BlobRow, unpack: Kind['unpack']): string | undefined {
  try {
    unpack(row);
    return undefined;
  } catch (error) {
    return `${row.place}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
