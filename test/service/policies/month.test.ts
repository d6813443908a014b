import { expect, test } from 'bun:test';
import type { JobDetails } from '../../../src/domain/detail.ts';
import { OperatorError } from '../../../src/domain/errors.ts';
import type { JobSample } from '../../../src/domain/store/samples.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { openSqlite } from '../../../src/store/sqlite/open.ts';
import { MINUTE_MS } from '../../help/builders.ts';
import { temporaryFolder } from '../../help/folder.ts';
import { policyKeeper, startWebhook } from '../../help/policies.ts';

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A Monday. */
const START_MS = Date.UTC(2026, 5, 1);
const STEP_MS = 5 * MINUTE_MS;

const policies = (webhook: string) => `
administrators = ["root@localhost"]
webhook = "${webhook}"
holidays = ["2026-06-22"]

[policy.idle]
says = "Use it or end it."
looks_at = "running"
job.gpus = ">= 1"
job.gpu_idle_minutes = ">= 15"
excluded_qos = ["debug"]
window = "15m"
tell = ["user"]
by = ["webhook"]

[policy.idle-cancel]
says = "It was cancelled."
looks_at = "running"
job.gpus = ">= 1"
job.gpu_idle_minutes = ">= 60"
excluded_qos = ["debug"]
after = "idle"
grace = "40m"
window = "15m"
tell = ["user", "administrators"]
by = ["webhook"]
act = true

[policy.unused]
says = "Ask for no GPU."
looks_at = "ended"
job.gpu_max_percent = "<= 0"
total.gpu_hours = ">= 10"
window = "7d"
workdays_only = true
tell = ["user", "coordinators"]
by = ["webhook"]
`;

/** A job of the month: GPU use by the minute from its start; no sample where it is undefined. */
interface Life {
  readonly id: string;
  readonly user: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly details: JobDetails;
  readonly gpu: (minute: number) => number | undefined;
}

const at = (day: number, hour: number, minute = 0) =>
  START_MS + (day - 1) * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS;

const life = (
  id: string,
  user: string,
  startMs: number,
  hours: number,
  gpu: Life['gpu'],
  details: JobDetails = {},
): Life => ({
  ...{ id, user, startMs, endMs: startMs + hours * HOUR_MS, gpu },
  details: { gpus: 2, cpus: 8, qos: 'normal', partition: 'gpu', account: 'chem', name: `n${id}`, ...details },
});

const idle = () => 0;
const LIVES: readonly Life[] = [
  life('1', 'alice', at(1, 10), 8, idle),
  life('2', 'bob', at(2, 10), 4, (minute) => (minute > 120 && minute < 150 ? 0 : 80)),
  // Its samples end; nobody knows what it does from then on, so that it wastes nothing that is known.
  life('3', 'carol', at(3, 10), 8, (minute) => (minute < 12 ? 0 : undefined)),
  life('4', 'dave', at(3, 10), 8, idle, { qos: 'debug' }),
  // Slurm does not answer when it is to be cancelled.
  life('5', 'erin', at(4, 10), 8, idle),
  // Two jobs of one user at once are one notice.
  life('6', 'fay', at(5, 10), 0.5, idle),
  life('7', 'fay', at(5, 10), 0.5, idle),
  // On a Saturday, and never measured.
  life('8', 'gus', at(13, 1), 8, () => undefined),
  // The clock of the service jumps ahead and back meanwhile.
  life('9', 'hal', at(16, 10), 2, (minute) => (minute < 30 ? 0 : 90)),
  // 15 hours in two jobs, ended on the day before a holiday.
  life('10', 'ivy', at(21, 8), 4, (minute) => (minute % 10 === 0 ? 50 : 0), { account: 'physics' }),
  life('11', 'jon', at(25, 8), 8, (minute) => (minute === 100 ? undefined : 0), { gpus: 1 }),
];

/** What the table of the month says: policy, whom it tells, and of which jobs; in order. */
const TOLD = [
  ['idle', 'alice', '1'],
  ['idle-cancel', 'alice', '1'],
  ['idle-cancel', 'administrators', '1'],
  ['idle', 'bob', '2'],
  ['unused', 'dave', '4'],
  ['idle', 'erin', '5'],
  ['idle-cancel', 'erin', '5'],
  ['idle-cancel', 'administrators', '5'],
  ['idle', 'fay', '6 7'],
  ['idle', 'hal', '9'],
  ['idle', 'jon', '11'],
  ['idle-cancel', 'jon', '11'],
  ['idle-cancel', 'administrators', '11'],
];
const CANCELLED = ['1', '5', '11'];

test('a month of policies tells and cancels exactly what the table says, over restarts and clock changes', async () => {
  using folder = temporaryFolder();
  await using webhook = startWebhook();
  let skewMs = 0;
  let timeMs = START_MS;
  const now = () => timeMs + skewMs;
  let store = await openSqlite(folder.file('month.db'));
  const cancelled: string[] = [];
  const ended = new Set<string>();
  const cancel = async ({ id }: { id: string }) => {
    // Slurm answers erin's job half an hour later.
    if (id === '5' && timeMs < at(4, 11, 35)) throw new OperatorError('squeue took more than 20 s.');
    cancelled.push(id);
    await store.updateJob(id, { state: 'cancelled' }, timeMs);
    ended.add(id);
    return undefined;
  };
  const start = () => policyKeeper({ store, text: policies(webhook.url), now, cancel });
  let keeper = start();
  for (let step = 0; timeMs < START_MS + 30 * DAY_MS; step++) {
    const lively = LIVES.filter(({ startMs, endMs }) => timeMs >= startMs && timeMs < endMs);
    // Nights and quiet days pass in steps of six hours at most.
    timeMs = lively.length > 0 ? timeMs + STEP_MS : nextMs(timeMs);
    await live(store, timeMs, ended);
    // Ahead by two days for an hour on the 16th, and back by one day for two hours on the 24th.
    skewMs = timeMs > at(16, 10, 20) && timeMs < at(16, 11, 20) ? 2 * DAY_MS : 0;
    if (timeMs > at(24, 10) && timeMs < at(24, 12)) skewMs = -DAY_MS;
    if (step % 41 === 0) {
      await store.close();
      store = await openSqlite(folder.file('month.db'));
      keeper = start();
    }
    await keeper.look();
  }
  const told = webhook.received.map(({ notice }) => {
    const { policy, audience, name, parts } = notice as {
      policy: string;
      audience: string;
      name: string;
      parts: { jobs: { id: string }[] }[];
    };
    return [policy, name || audience, parts.flatMap(({ jobs }) => jobs.map(({ id }) => id)).join(' ')];
  });
  expect(told).toEqual(TOLD);
  expect(cancelled).toEqual(CANCELLED);
  expect(new Set(webhook.received.map(({ key }) => key)).size).toBe(told.length);
  const audit = await store.listAudit({ limit: 100 });
  expect(audit.map(({ action, caller, proof, subject }) => [action, caller, proof, subject])).toEqual(
    CANCELLED.toReversed().map((id) => ['job_cancelled', 'idle-cancel', 'policy', id]),
  );
  expect(JSON.parse(audit.at(-1)!.evidence!)).toMatchObject({
    from: '2026-06-01T10:00:00.000Z',
    to: '2026-06-01T11:00:00.000Z',
    reasons: ['2 GPUs', 'no GPU used for 1 h'],
    figures: { gpu_idle_minutes: 60, gpus: 2 },
  });
  await store.close();
}, 120_000);

/** Returns the next moment of a quiet time: in six hours, or when the next job starts. */
const nextMs = (timeMs: number): number =>
  Math.min(
    timeMs + 6 * HOUR_MS,
    ...LIVES.map(({ startMs }) => startMs).filter((startMs) => startMs > timeMs),
  );

/** Lets jobs start, be measured every minute and end, as agents and Slurm tell of them. */
async function live(store: Store, timeMs: number, ended: Set<string>): Promise<void> {
  for (const one of LIVES.filter(({ id, startMs }) => !ended.has(id) && timeMs >= startMs)) {
    const { id, user, startMs, endMs, details } = one;
    if (!(await store.getJob(id).catch(() => undefined)))
      await store.createJobs([{ id, user, nodes: ['n1'], state: 'running', startTimeMs: startMs, details }]);
    const samples = samplesOf(one, timeMs);
    if (samples.length > 0) await store.recordSamples(samples);
    if (timeMs < endMs) continue;
    await store.updateJob(id, { state: 'completed' }, endMs);
    ended.add(id);
  }
}

/** The samples of the last step. */
function samplesOf({ id, startMs, endMs, gpu }: Life, timeMs: number): JobSample[] {
  const samples: JobSample[] = [];
  for (let minute = 0; startMs + minute * MINUTE_MS <= Math.min(timeMs, endMs); minute++) {
    const gpuUsage = gpu(minute);
    const sampleMs = startMs + minute * MINUTE_MS;
    if (gpuUsage === undefined || sampleMs <= timeMs - STEP_MS) continue;
    const usage = { cpuUsage: 50, memoryUsageMb: 10, gpuUsage };
    samples.push({ jobId: id, timeMs: sampleMs, ...usage, stamped: false });
  }
  return samples;
}
