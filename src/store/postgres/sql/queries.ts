/** A value of a statement. Arrays are for `unnest` and `ANY`, with a cast that names their type. */
export type Bound = number | string | boolean | Uint8Array | null | readonly Bound[];

/** Runs statements on one connection, one after the other. */
export interface Queries {
  /** Returns all rows. `bigint` columns are numbers. */
  all<Row>(sql: string, values?: readonly Bound[]): Promise<Row[]>;
  /** Returns the first row; undefined if there is none. */
  get<Row>(sql: string, values?: readonly Bound[]): Promise<Row | undefined>;
  /** Returns how many rows a statement changed. */
  change(sql: string, values?: readonly Bound[]): Promise<number>;
}

/** The connection that writes. */
export interface Writing extends Queries {
  /**
   * Sends a statement without waiting for its result, so that it costs no round trip. Later statements see
   * what it changed. `settle` rejects if it failed.
   */
  send(sql: string, values?: readonly Bound[]): void;
  /** Waits for the statements that were sent. Rejects with the first failure. */
  settle(): Promise<void>;
}

/** A connection as Bun's client reserves it. */
export type Client = Pick<Bun.ReservedSQL, 'unsafe'>;

/** PostgreSQL stores no NUL in a text. */
const NUL = '\0';

function bound(value: Bound): unknown {
  if (typeof value === 'string') return value.includes(NUL) ? value.replaceAll(NUL, '\ufffd') : value;
  return Array.isArray(value) ? value.map(bound) : value;
}

/** Turns `bigint` into numbers: times and counts stay far below 2^53. */
function readRow<Row>(row: Record<string, unknown>): Row {
  for (const key in row) if (typeof row[key] === 'bigint') row[key] = Number(row[key]);
  return row as Row;
}

/** Makes statements of a connection. Its client must answer `bigint` columns as bigint. */
export function queriesOf(client: Client): Queries {
  const run = (sql: string, values: readonly Bound[]) => client.unsafe(sql, values.map(bound));
  return {
    all: async <Row>(sql: string, values: readonly Bound[] = []) =>
      Array.from((await run(sql, values)) as Record<string, unknown>[], readRow<Row>),
    async get<Row>(sql: string, values: readonly Bound[] = []) {
      const [row] = (await run(sql, values)) as Record<string, unknown>[];
      return row === undefined ? undefined : readRow<Row>(row);
    },
    change: async (sql, values = []) => ((await run(sql, values)) as { count: number }).count,
  };
}

/** Makes the statements of the connection that writes. */
export function writingOf(client: Client): Writing {
  const queries = queriesOf(client);
  let sent: Promise<unknown>[] = [];
  return {
    ...queries,
    send(sql, values = []) {
      const result = queries.change(sql, values);
      // Reported by `settle`; until then it is no unhandled rejection.
      result.catch(() => {});
      sent.push(result);
    },
    async settle() {
      const results = sent;
      sent = [];
      await Promise.all(results);
    },
  };
}
