import { expect, test } from 'bun:test';
import { createRandom } from '../../../src/demo/random.ts';
import { AppError } from '../../../src/domain/errors.ts';
import type { Report } from '../../../src/domain/report.ts';
import type { JobSample } from '../../../src/domain/store/samples.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import type { Retention } from '../../../src/domain/store/upkeep.ts';
import { MINUTE_MS } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { listReadings, type Reading } from '../../help/readings.ts';
import { seeds } from '../../help/seeds.ts';
import { emptyStore, type MakePlace } from './place.ts';

const at = (minutes: number) => NOON_MS + minutes * MINUTE_MS;
const EVENING_MS = at(12 * 60);
const IDS = ['1', '2', '3', '4', '5', '6'];
const NODES = ['n1', 'n2', 'n3'];

async function expireAll(store: Store, retention: Retention): Promise<void> {
  for (let steps = 0; await store.expire(retention, EVENING_MS); steps++) expect(steps).toBeLessThan(1000);
}

const runsOf = (store: Store, id: string) => Array.fromAsync(store.streamRuns(id)).catch(() => []);
const weightOf = ({ point }: Reading) => point?.samples ?? 1;
const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** Returns all readings of all runs of a job, and compares those of each run with its summary. */
async function readRuns(store: Store, id: string): Promise<Reading[]> {
  const all: Reading[] = [];
  for (const { run, summary } of await runsOf(store, id)) {
    const { samples } = await listReadings(store, id, { run }, 10_000);
    expect(summary.whole.samples).toBe(sumOf(samples.map(weightOf)));
    expect(sumOf(summary.nodes.map((node) => node.samples))).toBe(summary.whole.samples);
    const points = samples.filter(({ point }) => point).map(({ timeMs, node }) => `${timeMs} ${node}`);
    expect(new Set(points).size).toBe(points.length);
    all.push(...samples);
  }
  return all;
}

interface Chance {
  below(count: number): number;
  pick<Value>(values: readonly Value[]): Value;
}

/** A report of a hook, squeue, or accounting, with times and keys that often fit those of another run. */
function randomReport({ below, pick }: Chance): Report {
  const start = 30 * below(8);
  const source = pick(['squeue', 'squeue', 'hook', 'jobcomp', 'sacct'] as const);
  const hasEnded = source === 'jobcomp' || source === 'sacct' || below(4) === 0;
  const end = start + 10 + 10 * below(10);
  const sluids = [1, 2, 3, 4].map((place) => `s000000000000${place}`);
  return {
    ...{ source, id: pick(IDS), user: 'alice', observedMs: at(hasEnded ? end : start + below(20)) },
    ...{ state: hasEnded ? pick(['completed', 'failed'] as const) : 'running' },
    startTimeMs: at(start) + (source === 'hook' ? below(4) * 40_000 : 0),
    ...(source === 'hook' && { isStartRough: true }),
    ...(hasEnded && { endTimeMs: at(end) }),
    nodes: pick([['n1'], ['n1', 'n2'], ['n2', 'n3'], NODES]),
    ...(below(3) === 0 && { submitTimeMs: at(start) }),
    ...(below(3) === 0 && { sluid: pick(sluids) }),
    ...(below(4) === 0 && { resizedMs: [at(30 * below(8))] }),
    ...(below(5) === 0 && { restarts: below(3) }),
  };
}

export function keptSamples(makePlace: MakePlace) {
  test.each(seeds(4))(
    'whatever is reported, every sample that was acknowledged is in one run of its job (seed %d)',
    async (seed) => {
      await using place = await emptyStore(makePlace);
      const random = createRandom(seed);
      const below = (count: number) => Math.floor(random() * count);
      const chance: Chance = { below, pick: (values) => values[below(values.length)]! };
      const { pick } = chance;
      /** The values of the acknowledged samples of each job; no value is there twice. */
      const known = new Map<string, number[]>(IDS.map((id) => [id, []]));
      let isThinned = false;
      let value = 0;
      let joined = 0;

      async function report(): Promise<void> {
        const next = randomReport(chance);
        const before = (await runsOf(place.store, next.id)).length;
        await place.store.applyReports([next]);
        if ((await runsOf(place.store, next.id)).length < before) joined++;
      }
      async function record({ jobId, ...sample }: JobSample): Promise<void> {
        try {
          await place.store.recordSample(jobId, sample);
          known.get(jobId)!.push(sample.cpuUsage);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
        }
      }
      async function samples(): Promise<void> {
        const some = Array.from({ length: 1 + below(8) }, (): JobSample => {
          const cpuUsage = ++value;
          const fields = { stamped: pick([true, false]), ...pick([{}, { node: pick(NODES) }]) };
          return { jobId: pick(IDS), timeMs: at(below(300)), cpuUsage, memoryUsageMb: 1, ...fields };
        });
        await Promise.all(some.map(record));
      }
      // Together in one transaction, where each must see what the one before it did.
      const together = () => Promise.all([samples(), report(), samples(), report(), samples()]);

      async function check(): Promise<void> {
        for (const id of IDS) {
          const read = await readRuns(place.store, id);
          const values = known.get(id)!;
          expect(sumOf(read.map(weightOf))).toBe(values.length);
          expect(sumOf(read.map((one) => weightOf(one) * one.cpuUsage))).toBeCloseTo(sumOf(values), 2);
          if (!isThinned) expect(read.map(({ cpuUsage }) => cpuUsage).sort()).toEqual(values.toSorted());
        }
      }

      for (let round = 0; round < 200; round++) {
        await pick([report, report, report, samples, samples, samples, together])();
        if (below(25) === 0) await expireAll(place.store, {});
        if (below(60) === 0) await place.reopen();
        if (seed % 2 === 0 && below(50) === 0) {
          isThinned = true;
          await expireAll(place.store, { sampleMs: 0 });
        }
        if (round % 20 === 0) await check();
      }
      await expireAll(place.store, {});
      await place.reopen();
      await check();
      // The reports must be such that runs join, and most samples such that they are stored.
      expect(joined).toBeGreaterThan(5);
      expect(sumOf([...known.values()].map(({ length }) => length))).toBeGreaterThan(200);
    },
  );
}
