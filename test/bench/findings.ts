import { MEASURES, type MeasureName } from '../../src/domain/measure.ts';
import type { Store } from '../../src/domain/store/store.ts';
import { openSqlite } from '../../src/store/sqlite/open.ts';
import { NOON_MS } from '../help/clock.ts';
import { temporaryFolder } from '../help/folder.ts';
import { grouped, isAtMost, median, type Row } from './row.ts';

const MINUTE_MS = 60_000;
/** As agents send by default. */
const SAMPLES_A_MINUTE = 6;
/** Minutes of samples before the first pass. */
const PAST_MINUTES = 30;
const BATCH_ROWS = 2000;
/** Steps of a round of the service. */
const STEPS = 40;
const GPUS = 2;
const MAX_PERCENT = 2;

const JOB_CODES = codesOf('cpu_seconds', 'cpu_throttled_seconds', 'memory_oom_kills', 'memory_current_bytes');
const GPU_CODES = codesOf('gpu_utilization_percent', 'gpu_memory_used_bytes', 'gpu_power_watts');

/**
 * Measures what judging running jobs costs, each measured every ten seconds: the processor time of one pass
 * over all of them, which the service makes every minute, as a share of a core. A quarter of them have GPUs;
 * a tenth of all idles.
 */
export async function measureFindings({ jobs, rounds }: { jobs: number; rounds: number }): Promise<Row[]> {
  using folder = temporaryFolder();
  const store = await openSqlite(`${folder.path}/bench.db`, { maxUnsealedSamples: Number.MAX_SAFE_INTEGER });
  try {
    await createJobs(store, jobs);
    let minutes = 0;
    const nowMs = () => NOON_MS + minutes * MINUTE_MS;
    while (minutes++ < PAST_MINUTES) await measure(store, jobs, nowMs(), 1);
    const first = await pass(store, jobs, nowMs());
    const passes: number[] = [];
    let turnMs = 0;
    for (let round = 0; round <= rounds; round++) {
      minutes++;
      await measure(store, jobs, nowMs(), SAMPLES_A_MINUTE);
      if (round < rounds) passes.push(await pass(store, jobs, nowMs()));
      else turnMs = await longestTurn(() => pass(store, jobs, nowMs()));
    }
    const found = (await store.countRunningFindings()).reduce((sum, { runs }) => sum + runs, 0);
    if (found < jobs / 20) throw new Error(`Only ${found} findings.`);
    const seconds = median(passes);
    const percent = (100 * seconds) / 60;
    return [
      {
        what: `findings of ${grouped(jobs)} running jobs, a pass a minute with ${SAMPLES_A_MINUTE} new samples each`,
        floor: '',
        ours: `${seconds.toFixed(2)} s; the first pass ${first.toFixed(1)} s, the longest turn ${turnMs.toFixed(0)} ms`,
        figure: `${percent.toFixed(2)} % of a core, at least ${((100 * Math.min(...passes)) / 60).toFixed(2)}`,
        budget: `at most ${MAX_PERCENT} %`,
        isHeld: isAtMost(percent, MAX_PERCENT),
      },
    ];
  } finally {
    await store.close();
  }
}

/** Judges all running jobs once; returns the seconds of processor time. */
async function pass(store: Store, jobs: number, nowMs: number): Promise<number> {
  const before = process.cpuUsage();
  let judged = 0;
  for (let isOver = false; !isOver; ) {
    const step = await store.judgeRunning(nowMs, Math.ceil(jobs / STEPS));
    judged += step.jobs;
    isOver = step.isLast;
  }
  if (judged !== jobs) throw new Error(`${judged} jobs were judged.`);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Returns the longest turn of the event loop while something is done, in milliseconds. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  }, 1);
  await work();
  clearInterval(timer);
  return longestMs;
}

function codesOf(...names: MeasureName[]): number[] {
  return names.map((name) => MEASURES.get(name)!.code);
}

const hasGpus = (number: number): boolean => number % 4 === 0;
const isIdle = (number: number): boolean => number % 10 === 0;

async function createJobs(store: Store, jobs: number): Promise<void> {
  for (let from = 0; from < jobs; from += BATCH_ROWS)
    await store.createJobs(
      Array.from({ length: Math.min(BATCH_ROWS, jobs - from) }, (_, index) => {
        const number = from + index;
        return {
          ...{
            id: `${number}`,
            user: `u${number % 300}`,
            nodes: [`n${number % 4000}`],
            state: 'running' as const,
          },
          startTimeMs: NOON_MS - 3 * 60 * MINUTE_MS - number,
          details: {
            ...{
              name: 'train',
              account: `a${number % 50}`,
              partition: 'main',
              cpus: 8,
              memoryLimitMb: 64_000,
            },
            timeLimitSeconds: 86_400,
            ...(hasGpus(number) && { gpus: GPUS }),
          },
        };
      }),
    );
}

/** Stores samples of all jobs, evenly in the minute before `untilMs`. */
async function measure(store: Store, jobs: number, untilMs: number, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const timeMs = untilMs - MINUTE_MS + ((time + 1) * MINUTE_MS) / times;
    for (let from = 0; from < jobs; from += BATCH_ROWS) {
      const numbers = Array.from({ length: Math.min(BATCH_ROWS, jobs - from) }, (_, index) => from + index);
      const gpus = numbers.flatMap((number, at) => (hasGpus(number) ? Array<number>(GPUS).fill(at) : []));
      await store.recordSamples(
        numbers.map((number) => ({
          ...{
            jobId: `${number}`,
            timeMs,
            stamped: false,
            cpuUsage: isIdle(number) ? 1 : 70 + (number % 30),
          },
          memoryUsageMb: 10_000 + (number % 1000) + time,
          ...(hasGpus(number) && { gpuUsage: isIdle(number) ? 0 : 50 + (time % 50) }),
        })),
        {
          columns: new Map(
            JOB_CODES.map((code, place) => [
              code,
              Float64Array.from(numbers, (number) =>
                place === 2 ? 0 : number + timeMs / 1000 / (1 + 1000 * place),
              ),
            ]),
          ),
          gpus: {
            samples: Uint32Array.from(gpus),
            names: gpus.map((at, reading) => `GPU-${numbers[at]}-${reading % GPUS}`),
            columns: new Map(
              GPU_CODES.map((code) => [
                code,
                Float64Array.from(gpus, (at) => (isIdle(numbers[at]!) ? 0 : 50 + (numbers[at]! % 50))),
              ]),
            ),
          },
        },
      );
    }
  }
}
