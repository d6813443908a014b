import { temporaryFolder } from '../help/folder.ts';
import { freePorts } from '../help/port.ts';
import type { Series } from './prometheus.ts';

const NAMES = ['cpu', 'memory', 'gpu'] as const;

/** Whether VictoriaMetrics is installed (Debian's package victoria-metrics). */
export const hasVictoria = (): boolean => Bun.which('victoria-metrics') !== null;

/**
 * Starts VictoriaMetrics on the loopback with the samples of one job as three series; it ends with the scope.
 */
export async function startVictoria(samples: Series) {
  const folder = temporaryFolder();
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const child = Bun.spawn(
    [
      'victoria-metrics',
      `-httpListenAddr=127.0.0.1:${port}`,
      `-storageDataPath=${folder.file('data')}`,
      '-retentionPeriod=100y',
      '-loggerLevel=ERROR',
    ],
    { stdout: 'ignore', stderr: 'ignore' },
  );
  await answers(`${url}/health`);
  const lines = samples.flatMap(({ timeMs, cpuUsage, memoryUsageMb, gpuUsage }) =>
    [cpuUsage, memoryUsageMb, gpuUsage ?? 0].map((value, place) => `${NAMES[place]} ${value} ${timeMs}\n`),
  );
  const imported = await fetch(`${url}/api/v1/import/prometheus`, { method: 'POST', body: lines.join('') });
  if (!imported.ok) throw new Error(`VictoriaMetrics refused the samples: ${imported.status}`);
  await fetch(`${url}/internal/force_flush`);
  const [startMs, endMs] = [samples[0]!.timeMs, samples.at(-1)!.timeMs];
  const ofAll = encodeURIComponent('{__name__=~"cpu|memory|gpu"}');
  return {
    importUrl: `${url}/api/v1/import/prometheus`,
    exportUrl: `${url}/api/v1/export?match[]=${ofAll}`,
    rangeUrl: (points: number) =>
      `${url}/api/v1/query_range?query=${ofAll}&start=${startMs / 1000}&end=${endMs / 1000}&step=${Math.ceil((endMs - startMs) / points)}ms&nocache=1`,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
      folder[Symbol.dispose]();
    },
  };
}

/** Waits until a URL answers, at most ten seconds. */
async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const isUp = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return;
    await Bun.sleep(50);
  }
  throw new Error(`Nothing answers at ${url}.`);
}
