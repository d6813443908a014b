import { type Checked, type CheckOptions, MAX_NAMED } from '../../../domain/checked.ts';
import { ChunkError } from '../../chunk/bytes.ts';
import { unpackColumns } from '../../chunk/chunk.ts';
import { unpackTotals } from '../../chunk/measure-totals.ts';
import { unpackPoints } from '../../chunk/points.ts';
import { unpackQuarters } from '../../chunk/quarters.ts';
import { unpackMeasures } from '../../chunk/row-measures.ts';
import type { Queries } from '../sql/queries.ts';

/** Rows of one statement. */
const ROWS_AT_ONCE = 200;

interface BlobRow {
  readonly seq: number;
  /** Where it belongs, for people. */
  readonly place: string;
  readonly data: Uint8Array;
  /** The quarters of a chunk. */
  readonly points: Uint8Array | null;
  /** Samples that a chunk has. */
  readonly expected: number;
}

interface Kind {
  readonly name: string;
  readonly sql: string;
  /** Throws if a blob cannot be read. */
  readonly unpack: (row: BlobRow) => unknown;
}

const CHUNK = `SELECT seq, 'job ' || coalesce((SELECT id FROM job WHERE seq = chunk.job), chunk.job::text) || ' on '
    || coalesce((SELECT name FROM node_name WHERE id = chunk.node), chunk.node::text)
    || ' from ' || to_char(to_timestamp(start_time / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS place,
  data, points, samples AS expected FROM chunk`;

const KINDS: readonly Kind[] = [
  {
    name: 'chunks of samples',
    sql: `${CHUNK} WHERE seq > $1::bigint AND tier = 0 ORDER BY seq LIMIT ${ROWS_AT_ONCE}`,
    unpack({ data, points, expected }) {
      const { count } = unpackColumns(data, 'all');
      if (count !== expected) throw new ChunkError(`It has ${count} samples instead of ${expected}.`);
      if (points) unpackQuarters(points);
    },
  },
  {
    name: 'chunks of points',
    sql: `${CHUNK} WHERE seq > $1::bigint AND tier = 1 ORDER BY seq LIMIT ${ROWS_AT_ONCE}`,
    unpack: ({ data }) => unpackPoints(data),
  },
  {
    name: 'further measures in the log',
    sql: `SELECT seq, 'row ' || seq AS place, further AS data, NULL AS points, 1 AS expected
            FROM log WHERE seq > $1::bigint AND further IS NOT NULL ORDER BY seq LIMIT ${ROWS_AT_ONCE}`,
    unpack: ({ data, expected }) => unpackMeasures(data, expected),
  },
  {
    name: 'totals of measures',
    sql: `SELECT usage AS seq, 'series ' || usage AS place, data, NULL AS points, 0 AS expected
            FROM sealed_measures WHERE usage > $1::bigint ORDER BY usage LIMIT ${ROWS_AT_ONCE}`,
    unpack: ({ data }) => unpackTotals(data),
  },
];

/** Reads every blob. Damaged ones are named by job, node and time. */
export async function checkBlobs(db: Queries, { onProgress = () => {} }: CheckOptions): Promise<Checked> {
  const damages: string[] = [];
  let blobs = 0;
  let damaged = 0;
  for (const [at, { name, sql, unpack }] of KINDS.entries()) {
    for await (const rows of pagesOf(db, sql)) {
      const faults = rows.flatMap((row) => findFault(row, unpack) ?? []);
      damages.push(...faults.slice(0, MAX_NAMED - damages.length).map((fault) => `${name}, ${fault}`));
      damaged += faults.length;
      blobs += rows.length;
      onProgress(at / KINDS.length, `${name}, ${blobs} blobs`);
    }
  }
  if (damaged > damages.length) damages.push(`and ${damaged - damages.length} more`);
  return {
    part: 'samples',
    looked: `${blobs} blobs`,
    damages,
    advice:
      'Reads of these spans fail and name the job; all others work, and new samples are stored. A backup from before the ' +
      'damage has them (pg_restore); without one nothing needs to be done.',
  };
}

/** Yields the rows of a query in the order of `seq`, in short reads. */
async function* pagesOf(db: Queries, sql: string): AsyncGenerator<BlobRow[], void> {
  for (let after = -1; ; ) {
    const rows = await db.all<BlobRow>(sql, [after]);
    const last = rows.at(-1);
    if (!last) return;
    yield rows;
    after = last.seq;
  }
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
