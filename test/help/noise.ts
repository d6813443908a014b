import { createRandom } from '../../src/demo/random.ts';
import type { ChunkSample } from '../../src/store/chunk/chunk.ts';

const START_MS = Date.UTC(2026, 0, 15, 8);
const INTERVAL_MS = 30_000;

const clamp = (value: number) => Math.min(100, Math.max(0, value));
const round = (value: number, decimals: number) => Number(value.toFixed(decimals));

/**
 * What an agent sends of a busy job: every 30 s give or take a few ms; CPU with two decimals around a level;
 * memory that grows, shrinks and stands; GPU with one decimal, idle or at work.
 */
export function realisticSeries(count: number, seed = 1): ChunkSample[] {
  const random = createRandom(seed);
  const bell = () => random() + random() + random() + random() + random() + random() - 3;
  let cpu = 75;
  let memory = 24_000;
  let isMoving = false;
  let isBusy = true;
  return Array.from({ length: count }, (_, i) => {
    cpu = clamp(cpu + (75 - cpu) * 0.2 + bell() * 4);
    if (random() < 0.05) isMoving = !isMoving;
    if (isMoving) memory = Math.max(100, memory + Math.round(bell() * 300));
    if (random() < 0.03) isBusy = !isBusy;
    return {
      timeMs: START_MS + i * INTERVAL_MS + Math.round(bell() * 4),
      cpuUsage: round(cpu, 2),
      memoryUsageMb: memory,
      gpuUsage: isBusy ? round(clamp(92 + bell() * 5), 1) : 0,
    };
  });
}

/**
 * Nothing to predict: every value is uniformly random over its whole range, with the decimals of an agent.
 */
export function uniformSeries(count: number, seed = 1): ChunkSample[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, i) => ({
    timeMs: START_MS + i * INTERVAL_MS + Math.round(random() * 10),
    cpuUsage: round(random() * 100, 2),
    memoryUsageMb: Math.floor(random() * 65_536),
    gpuUsage: round(random() * 100, 1),
  }));
}
