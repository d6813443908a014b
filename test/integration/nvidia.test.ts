import { expect, test } from 'bun:test';
import { EXECUTABLE } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { freePorts } from '../help/port.ts';

// Needs a real NVIDIA GPU, which no CI of ours has: the agent's figures beside nvidia-smi's own.

const testWithGpu = Bun.which('nvidia-smi') ? test : test.skip;
if (testWithGpu === test.skip)
  console.error('\nSKIPPED without an NVIDIA GPU: the agent was not compared with nvidia-smi.\n');

const QUERY = ['uuid', 'utilization.gpu', 'memory.used', 'power.draw', 'temperature.gpu'] as const;
const MIB = 1024 * 1024;
/** The two do not ask at the same moment. */
const TOLERANCE = { utilization: 20, memoryBytes: 256 * MIB, watts: 60, celsius: 5 };

async function askDriver() {
  const child = Bun.spawn(['nvidia-smi', `--query-gpu=${QUERY.join(',')}`, '--format=csv,noheader,nounits']);
  const lines = (await new Response(child.stdout).text()).trim().split('\n');
  return lines.map((line) => {
    const [gpu, ...values] = line.split(', ');
    const [utilization, memory, watts, celsius] = values.map(Number);
    return { gpu: gpu!, utilization, memoryBytes: memory! * MIB, watts, celsius };
  });
}

function shownValue(page: string, family: string, gpu: string): number | undefined {
  const line = page.split('\n').find((one) => one.startsWith(`${family}{`) && one.includes(`gpu="${gpu}"`));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}

testWithGpu(
  'the agent shows what nvidia-smi shows of every GPU',
  async () => {
    using spool = temporaryFolder();
    const [port] = await freePorts(1);
    const agent = Bun.spawn(
      [EXECUTABLE, 'agent', '--agent-listen', `:${port}`, '--interval', '2s', '--agent-spool', spool.path],
      { stdout: 'ignore', stderr: 'ignore' },
    );
    try {
      let page = '';
      for (const endMs = Date.now() + 30_000; Date.now() < endMs && !page.includes('hpc_node_gpu_'); ) {
        await Bun.sleep(500);
        page = await fetch(`http://127.0.0.1:${port}/metrics`).then(
          (answer) => answer.text(),
          () => '',
        );
      }
      const driver = await askDriver();
      expect(driver.length).toBeGreaterThan(0);
      const shown = driver.map(({ gpu }) => ({
        gpu,
        utilization: shownValue(page, 'hpc_node_gpu_utilization_percent', gpu),
        memoryBytes: shownValue(page, 'hpc_node_gpu_memory_used_bytes', gpu),
        watts: shownValue(page, 'hpc_node_gpu_power_watts', gpu),
        celsius: shownValue(page, 'hpc_node_gpu_temperature_celsius', gpu),
      }));
      console.error(JSON.stringify({ driver, shown }));
      // What the driver answers with N/A is absent.
      for (const [index, known] of driver.entries())
        for (const [name, tolerance] of Object.entries(TOLERANCE) as [keyof typeof TOLERANCE, number][])
          if (!Number.isNaN(known[name]))
            expect(
              Math.abs((shown[index]![name] ?? Number.NaN) - known[name]!),
              `${name} of ${known.gpu}`,
            ).toBeLessThan(tolerance);
    } finally {
      agent.kill('SIGKILL');
      await agent.exited;
    }
  },
  60_000,
);
