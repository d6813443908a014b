import { Database } from 'bun:sqlite';
import type { Identity } from '../../src/domain/caller.ts';
import type { Report } from '../../src/domain/report.ts';
import { type AuditEntry, auditEntry } from '../../src/domain/store/access.ts';
import type { Store } from '../../src/domain/store/store.ts';
import { openSqlite } from '../../src/store/sqlite/open.ts';
import { MINUTE_MS, pastJob, sample } from './builders.ts';
import { NOON_MS } from './clock.ts';
import { nodeReport } from './node-report.ts';
import { recordWide } from './wide-rows.ts';

const DAY_MS = 24 * 60 * MINUTE_MS;
/** What text formats use themselves. */
const HOSTILE = 'a\\N \\. "q" \'s\' ,{}\t\n\r é € 😀 NULL';
const ROOT: Identity = { name: 'root', uid: 0, proof: 'kernel', isLocal: true };
const at = (minutes: number) => NOON_MS + minutes * MINUTE_MS;
const entry = (action: AuditEntry['action'], subject: string) => auditEntry(ROOT, action, subject, NOON_MS);
const hashOf = (text: string) => new Bun.CryptoHasher('sha256').update(text).digest('hex');

/** A file with jobs, and at least one row in every table. */
export async function fillDatabase(path: string, jobs: number): Promise<void> {
  const store = await openSqlite(path);
  await storeRuns(store);
  await storeSamples(store);
  await storeJobs(store, jobs);
  await storeAccess(store);
  await store.recordHistory([{ timeMs: NOON_MS, running: 1.5 }, { timeMs: at(5) }]);
  await store.saveState('test', NOON_MS);
  await store.close();
  using db = new Database(path);
  fillRest(db);
}

async function storeJobs(store: Store, jobs: number): Promise<void> {
  const PART = 5000;
  for (let first = 0; first < jobs; first += PART) {
    const part = Array.from({ length: Math.min(PART, jobs - first) }, (_, index) => {
      const number = first + index;
      return pastJob(`${1_000_000 + number}`, {
        ...{ user: `u${number % 50}`, nodes: [`n${number % 20}`, `n${(number % 20) + 1}`] },
        ...{ state: 'completed', startTimeMs: at(number), endTimeMs: at(number + 60) },
        details: { cpus: 4, account: `a${number % 5}`, name: number % 9 === 0 ? HOSTILE : `job ${number}` },
      });
    });
    await store.createJobs(part);
  }
}

/** Runs that are requeued, and one that turns out to be part of another. */
async function storeRuns(store: Store): Promise<void> {
  const running = (start: number, fields: Partial<Report> = {}): Report => ({
    ...{ source: 'squeue', observedMs: at(start + 1), id: '7', user: 'alice', state: 'running' },
    ...{ submitTimeMs: at(start), startTimeMs: at(start), nodes: ['n1', 'n2'] },
    ...fields,
  });
  const whole: Partial<Report> = {
    ...{ source: 'sacct', observedMs: at(99), state: 'completed', endTimeMs: at(90) },
    ...{ sluid: 's0000000000001', otherSluids: ['s0000000000002'], resizedMs: [at(60)], nodes: ['n1'] },
  };
  for (const report of [
    running(0, { sluid: 's0000000000001' }),
    running(60, { sluid: 's0000000000002', nodes: ['n1'] }),
    running(0, whole),
    running(0, { id: '8' }),
    running(200, { id: '8', restarts: 1 }),
  ])
    await store.applyReports([report]);
}

async function storeSamples(store: Store): Promise<void> {
  await store.createJobs([pastJob('measured', { nodes: ['n1', 'n2'] }), pastJob('deleted')]);
  const gpus = { 'GPU-a': { gpu_utilization_percent: 0 }, 'GPU-b': { gpu_memory_used_bytes: 8 } };
  await store.recordSamples(
    Array.from({ length: 4000 }, (_, index) => ({
      ...sample(index * 1000, { cpuUsage: index / 41, memoryUsageMb: index, stamped: false }),
      ...{ jobId: '7', ...(index % 3 && { gpuUsage: index / 100 }) },
    })),
  );
  await recordWide(store, 'measured', [{ minute: 0, values: { cpu_seconds: 7.5 }, gpus }]);
  await recordWide(store, 'deleted', [{ minute: 0 }]);
  while (await store.expire({}, NOON_MS + DAY_MS));
  // These are not sealed.
  const later = 24 * 60;
  await recordWide(store, 'measured', [
    { minute: later, values: { cpu_seconds: 90, io_reads: 5 }, gpus },
    { minute: later, node: 'n2' },
    { minute: later + 1, gpus: { 'GPU-b': { gpu_utilization_percent: 99.5 } } },
  ]);
  await store.recordSamples([
    { ...sample(DAY_MS, { gpuUsage: 0, stamped: false }), jobId: '8' },
    { ...sample(DAY_MS, { cpuUsage: 0.1 + 0.2, stamped: false }), jobId: 'deleted' },
  ]);
  await store.recordSamples([], undefined, { report: nodeReport(), receivedMs: NOON_MS });
  await store.deleteJob('deleted', entry('job_deleted', 'deleted'));
}

async function storeAccess(store: Store): Promise<void> {
  await store.createToken(
    { name: 'grafana', role: 'viewer', hash: hashOf('t'), createdMs: NOON_MS, createdBy: 'root' },
    entry('token_created', 'grafana'),
  );
  await store.startSession(
    { hash: hashOf('s'), identity: ROOT, createdMs: NOON_MS, expiresMs: NOON_MS + DAY_MS },
    entry('session_started', 'root'),
  );
}

const NOT_FILLED = new Set(['probe', 'job_column', 'job_column_due', 'chunk_point', 'sqlite_sequence']);

/** Makes up a row of each table that has none. */
function fillRest(db: Database): void {
  db.run('PRAGMA foreign_keys = OFF');
  for (const { name } of db
    .query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all()) {
    if (NOT_FILLED.has(name) || db.query(`SELECT 1 FROM "${name}"`).get()) continue;
    const columns = db
      .query<{ name: string; type: string; hidden: number }, [string]>(
        'SELECT name, type, hidden FROM pragma_table_xinfo(?)',
      )
      .all(name)
      .filter(({ hidden }) => hidden === 0);
    const values = columns.map(({ type }) => made(type));
    db.query(`INSERT INTO "${name}" VALUES (${columns.map(() => '?').join()})`).run(...values);
  }
}

function made(type: string) {
  if (type === 'INTEGER') return 3;
  if (type === 'REAL') return 1 / 3;
  return type === 'BLOB' ? Uint8Array.of(0, 92, 10, 255) : HOSTILE;
}
