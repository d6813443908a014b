import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../help/folder.ts';
import type { realisticSeries } from '../help/noise.ts';

/** The samples of one job. */
export type Series = ReturnType<typeof realisticSeries>;

/** The families as Prometheus scrapes them. */
const FAMILIES = [
  { name: 'hpc_job_cpu_usage_percent', read: (sample: Series[number]) => sample.cpuUsage },
  { name: 'hpc_job_memory_usage_bytes', read: (sample: Series[number]) => sample.memoryUsageMb * 2 ** 20 },
  { name: 'hpc_job_gpu_usage_percent', read: (sample: Series[number]) => sample.gpuUsage },
] as const;

/** Returns the bytes of the same samples in compacted blocks of Prometheus; undefined without promtool. */
export async function blockBytes(series: readonly Series[]): Promise<number | undefined> {
  if (!Bun.which('promtool')) return undefined;
  using folder = temporaryFolder();
  const input = folder.file('samples.txt');
  const output = folder.file('blocks');
  await writeOpenMetrics(input, series);
  const command = [
    'promtool',
    'tsdb',
    'create-blocks-from',
    '--max-block-duration=54h',
    'openmetrics',
    input,
    output,
  ];
  const child = Bun.spawn(command, { stdout: 'ignore', stderr: 'pipe' });
  const errors = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`promtool failed: ${errors}`);
  const files = readdirSync(output, { recursive: true }) as string[];
  return files.reduce((sum, file) => {
    const stat = statSync(join(output, file));
    return stat.isFile() ? sum + stat.size : sum;
  }, 0);
}

async function writeOpenMetrics(path: string, series: readonly Series[]): Promise<void> {
  const file = Bun.file(path).writer({ highWaterMark: 2 ** 20 });
  for (const { name, read } of FAMILIES) {
    file.write(`# TYPE ${name} gauge\n`);
    for (const [job, samples] of series.entries()) {
      const labels = `${name}{job_id="job-${job}",node="node-${job}",user="user-${job % 50}"}`;
      let text = '';
      for (const sample of samples) text += `${labels} ${read(sample)} ${sample.timeMs / 1000}\n`;
      file.write(text);
      await file.flush();
    }
  }
  file.write('# EOF\n');
  await file.end();
}
