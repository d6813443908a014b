import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DEFAULT_THRESHOLDS } from '../../src/domain/finding/thresholds.ts';
import type { PastJob } from '../../src/domain/job.ts';
import { policyTick } from '../../src/service/policies/tick.ts';
import { openSqlite } from '../../src/store/sqlite/open.ts';
import { temporaryFolder } from '../help/folder.ts';
import { policiesOf } from '../help/policies.ts';
import { startProgress } from './progress.ts';
import { grouped, isAtMost, type Row } from './row.ts';

const MINUTE_MS = 60_000;
/** Running jobs are looked at once a minute, those that ended once an hour. */
const MAX_SHARE = 0.01;
const MEASURED_MINUTES = 120;
const FILE = resolve(import.meta.dir, '../../deploy/policies.toml');

/** Every third job holds GPUs, and every twentieth of those does not use them. */
const holdsGpus = (number: number): boolean => number % 3 === 0;
const isIdle = (number: number): boolean => number % 60 === 0;

const jobAt = (number: number, startTimeMs: number): PastJob => ({
  ...{
    id: `${number}`,
    user: `u${number % 500}`,
    nodes: [`n${number % 1000}`],
    state: 'running',
    startTimeMs,
  },
  details: {
    ...{ account: `a${number % 50}`, partition: 'gpu', qos: 'normal', name: 'train', cpus: 8 },
    ...{ memoryLimitMb: 32_000, timeLimitSeconds: 86_400, ...(holdsGpus(number) && { gpus: 2 }) },
  },
});

/**
 * Measures the processor time of a look at running jobs by all policies of deploy/policies.toml, on average
 * over the minutes after which each job is read again. They were measured every minute for two hours.
 */
export async function measurePolicies({ jobs, looks }: { jobs: number; looks: number }): Promise<Row[]> {
  using folder = temporaryFolder();
  const store = await openSqlite(folder.file('policies.db'));
  const nowMs = Date.now();
  const startMs = nowMs - MEASURED_MINUTES * MINUTE_MS;
  const numbers = Array.from({ length: jobs }, (_, number) => number);
  const progress = startProgress('measuring jobs', MEASURED_MINUTES);
  await store.createJobs(numbers.map((number) => jobAt(number, startMs)));
  async function measure(timeMs: number): Promise<void> {
    await store.recordSamples(
      numbers.map((number) => ({
        ...{ jobId: `${number}`, timeMs, cpuUsage: 60, memoryUsageMb: 9000, stamped: false },
        ...(holdsGpus(number) && { gpuUsage: isIdle(number) ? 0 : 80 }),
      })),
    );
    while (await store.expire({}, timeMs));
  }
  for (let minute = 1; minute <= MEASURED_MINUTES; minute++) {
    await measure(startMs + minute * MINUTE_MS);
    progress.advance(minute);
  }
  progress.finish();
  const file = policiesOf(readFileSync(FILE, 'utf8'));
  let clockMs = nowMs;
  const tick = policyTick({
    file: () => file,
    ...{ store, thresholds: DEFAULT_THRESHOLDS, now: () => clockMs, cancel: undefined },
    ...{ coordinatorsOf: () => [], observeAct: () => {} },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const { signal } = new AbortController();
  // The first one looks at ended jobs, and compiles.
  await tick(signal);
  let ms = 0;
  for (let look = 0; look < looks; look++) {
    clockMs += MINUTE_MS;
    await measure(clockMs);
    const before = process.cpuUsage();
    await tick(signal);
    const { user, system } = process.cpuUsage(before);
    ms += (user + system) / 1000 / looks;
  }
  await store.close();
  const share = ms / MINUTE_MS;
  return [
    {
      what: `policies: a look at ${grouped(jobs)} running jobs by all of deploy/policies.toml, once a minute`,
      floor: '',
      ours: `${ms.toFixed(0)} ms of a core`,
      figure: `${(100 * share).toFixed(2)} % of a core`,
      budget: `at most ${100 * MAX_SHARE} %`,
      isHeld: isAtMost(share, MAX_SHARE),
    },
  ];
}
