import type { Database } from 'bun:sqlite';
import { bytesOf, joinColumns, MAX_ROW_SAMPLES } from '../../chunk/log-row.ts';

interface SampleRow {
  readonly seq: number;
  readonly id: number;
  readonly time: number;
  readonly cpu: number;
  readonly memory: number;
  readonly gpu: number | null;
}

/**
 * Moves the samples of the log into rows of columns (logrow.ts). The rows are numbered so that the last one has the number of
 * the last sample: each row then has a number that is at least that of its samples, and what was unsealed is so still.
 */
export function moveSamplesIntoColumns(db: Database): void {
  db.run('CREATE TABLE log (seq INTEGER PRIMARY KEY, series BLOB NOT NULL, data BLOB NOT NULL) STRICT');
  const unsealed = `FROM sample CROSS JOIN usage ON usage.job = sample.job AND usage.node = sample.node
                   WHERE sample.seq > usage.sealed`;
  const count = db.query<{ count: number }, []>(`SELECT count(*) AS count ${unsealed}`).get()!.count;
  const last = db.query<{ last: number | null }, []>('SELECT max(seq) AS last FROM sample').get()!.last;
  const insert = db.query('INSERT INTO log VALUES (?, ?, ?)');
  const rows = db.query<SampleRow, []>(
    `SELECT sample.seq, usage.id, sample.time, sample.cpu, sample.memory, sample.gpu ${unsealed} ORDER BY sample.seq`,
  );
  // A log without unsealed samples still keeps its last number, because that must not be given again.
  if (last !== null && count === 0) insert.run(last, new Uint8Array(0), new Uint8Array(0));
  let seq = (last ?? 0) - Math.ceil(count / MAX_ROW_SAMPLES);
  let samples: SampleRow[] = [];
  const writeRow = () => {
    if (samples.length === 0) return;
    seq++;
    insert.run(seq, bytesOf(Int32Array.from(samples, ({ id }) => id)), bytesOf(joinSamples(samples)));
    samples = [];
  };
  for (const sample of rows.iterate()) {
    samples.push(sample);
    if (samples.length === MAX_ROW_SAMPLES) writeRow();
  }
  writeRow();
  db.run('DROP TABLE sample');
}

const joinSamples = (samples: readonly SampleRow[]): Float64Array =>
  joinColumns({
    times: Float64Array.from(samples, ({ time }) => time),
    cpu: Float64Array.from(samples, ({ cpu }) => cpu),
    memory: Float64Array.from(samples, ({ memory }) => memory),
    gpu: Float64Array.from(samples, ({ gpu }) => gpu ?? Number.NaN),
  });
