import type { Database } from 'bun:sqlite';
import { createRandom } from '../../../src/demo/random.ts';
import { FINDING_KINDS } from '../../../src/domain/finding/judge.ts';
import { DEFAULT_THRESHOLDS } from '../../../src/domain/finding/thresholds.ts';
import type { PastJob } from '../../../src/domain/job.ts';
import { hourOf } from '../../../src/domain/tally/spans.ts';
import { NO_TALLY, type Tally } from '../../../src/domain/tally/tally.ts';
import { judgeAnew } from '../../../src/store/sqlite/findings/kept.ts';
import { accountUserWriter } from '../../../src/store/sqlite/jobs/accounts.ts';
import { nameNumberers } from '../../../src/store/sqlite/sql/names.ts';
import { tallySummer } from '../../../src/store/sqlite/tallies/sums.ts';

export const ACCOUNTS = 100;
const PARTITIONS = ['short', 'long', 'gpu', 'big'];
const MAX_CPUS = 64;
const MB_PER_CPU = 4096;

/**
 * Tallies the jobs of a bench with the store's own sums: each user has two accounts, each job up to 64 CPUs,
 * a third of them GPUs, and a use that was measured for two of three. Reading every run to tally it would
 * take an hour.
 */
export function tallyFiller(db: Database) {
  const sums = tallySummer(db);
  const names = nameNumberers(db);
  const accountUsers = accountUserWriter(db);

  function add(job: PastJob, number: number): void {
    const { user, nodes, state, startTimeMs, endTimeMs } = job;
    if (startTimeMs === undefined || endTimeMs === undefined) return;
    const random = createRandom(Math.imul(number + 1, 0x85ebca6b));
    const number4 = Number(user.slice(1));
    const account = names.numberLabel(`a${(number4 + (random() < 0.1 ? 7 : 0)) % ACCOUNTS}`);
    const hour = hourOf(endTimeMs);
    const key = {
      ...{ user: names.numberUser(user), account, hour },
      partition: names.numberLabel(PARTITIONS[Math.floor(PARTITIONS.length * random())]!),
    };
    const tally = tallyOf((endTimeMs - startTimeMs) / 1000, state as 'completed', random);
    accountUsers.add(account, key.user);
    sums.add(key, tally, 1, Number.POSITIVE_INFINITY);
    for (const node of nodes) sums.addOnNode(names.numberNode(node), hour, tally, 1);
    const kind = names.numberLabel(FINDING_KINDS[Math.floor(FINDING_KINDS.length * random())]!);
    if (random() < 0.6) sums.addFindings(key, [{ kind, severity: 1 }], 1, Number.POSITIVE_INFINITY);
  }

  return {
    add,
    flush: sums.flush,
    /** Lets the service believe that it has tallied all jobs. */
    finish(): void {
      judgeAnew(db, DEFAULT_THRESHOLDS);
      db.run("UPDATE counter SET value = (SELECT max(seq) FROM job) WHERE name = 'tally_seen'");
    },
  };
}

function tallyOf(seconds: number, state: 'completed' | 'failed' | 'cancelled', random: () => number): Tally {
  const cpus = 1 + Math.floor(MAX_CPUS * random() ** 2);
  const gpus = random() < 0.33 ? 1 + Math.floor(4 * random()) : 0;
  const measured = random() < 0.67 ? 0.98 : 0;
  const of = (amount: number, use: number) => {
    const held = Math.round(amount * seconds);
    return { held, measured: Math.round(measured * held), used: Math.round(use * measured * held) };
  };
  const [cpu, gpu] = [of(cpus, random()), of(gpus, random())];
  const memory = of(cpus * MB_PER_CPU, 0.4 * random());
  return {
    ...NO_TALLY,
    [state]: 1,
    ...{ runtimeSeconds: Math.round(seconds), waitSeconds: Math.round(3600 * random()), waits: 1 },
    ...{ cpuSeconds: cpu.held, cpuMeasuredSeconds: cpu.measured, cpuUsedSeconds: cpu.used },
    ...{ gpuSeconds: gpu.held, gpuMeasuredSeconds: gpu.measured, gpuUsedSeconds: gpu.used },
    ...{ memoryMbSeconds: memory.held, memoryMeasuredMbSeconds: memory.measured },
    ...{ memoryUsedMbSeconds: memory.used, energyJoules: Math.round(10 * cpu.used), energies: 1 },
  };
}
