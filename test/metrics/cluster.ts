import { NOON_MS } from '../help/clock.ts';
import { startService } from '../help/service.ts';

/**
 * A small cluster: odd names, every state, several nodes, a GPU that is known, unknown or 0, an end long ago
 * and just now.
 */
export async function startCluster() {
  const service = await startService();
  const { store } = service;
  const past = (id: string, user = 'alice', nodes = ['node-01']) => ({
    id,
    user,
    nodes,
    startTimeMs: NOON_MS - 3600_500,
  });
  const ended = (agoMs: number) => ({ endTimeMs: NOON_MS - agoMs });
  await store.createJobs([
    { ...past('job-001', 'alice', ['node-01', 'node-02', 'node-03']), state: 'running' },
    { ...past('1234_[5]', 'o"brien', ['back\\slash']), state: 'running' },
    { ...past('\\n "quoted" \\', '🧪 ü', ['a{b="c"} 1']), state: 'running' },
    { ...past('silent'), state: 'running' },
    { ...past('waits'), state: 'pending' },
    { ...past('done-now'), state: 'completed', ...ended(60_000) },
    { ...past('done-before'), state: 'failed', ...ended(60_001) },
    { ...past('done-long-ago'), state: 'completed', ...ended(3600_000) },
    { ...past('deleted'), state: 'cancelled', ...ended(0) },
  ]);
  const at = { timeMs: NOON_MS - 1000, stamped: true };
  await store.recordSamples([
    { jobId: 'job-001', ...at, cpuUsage: 75.5, memoryUsageMb: 4096, gpuUsage: 50 },
    { jobId: 'job-001', ...at, node: 'node-02', cpuUsage: 0, memoryUsageMb: 0, gpuUsage: 0 },
    { jobId: '1234_[5]', ...at, cpuUsage: 1e-7, memoryUsageMb: 2 ** 33 },
    { jobId: '\\n "quoted" \\', ...at, cpuUsage: 100, memoryUsageMb: 1 },
    { jobId: 'waits', ...at, cpuUsage: 1, memoryUsageMb: 1 },
    { jobId: 'done-now', ...at, cpuUsage: 33.3, memoryUsageMb: 10, gpuUsage: 12.25 },
    { jobId: 'done-before', ...at, cpuUsage: 44, memoryUsageMb: 10 },
  ]);
  await store.deleteJob('deleted');
  return service;
}
