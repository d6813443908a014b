// Jobs as the pages show them, with everything that agents measure, written over the API.

const MB = 1024 * 1024;

/** The runs begin two hours before this was loaded. */
export const BEGIN_MS = Date.now() - 2 * 3_600_000;
export const atSecond = (second: number): string => new Date(BEGIN_MS + 1000 * second).toISOString();

export const WIDE_NODES = Array.from({ length: 40 }, (_, place) => `n${String(place + 1).padStart(2, '0')}`);
export const GPU_NODES = ['g1', 'g2'];

async function post(url: string, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${url}/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok || !text.includes('"refused":0')) throw new Error(`${path}: ${text.slice(0, 300)}`);
}

/**
 * Writes `wide` (40 nodes; n07 was silent for half an hour, and n40 idles), `gpu` (two nodes of four
 * GPUs each, all silent for ten minutes), `one` (a node with memory, disks and energy), its neighbour, a task
 * of an array and a waiting job.
 */
export async function fillMeasuredJobs(url: string): Promise<void> {
  const ended = { state: 'completed', start_time: atSecond(0), end_time: atSecond(3600) };
  await post(url, 'jobs/batch', {
    jobs: [
      {
        ...{
          id: 'wide',
          user: 'alice',
          account: 'physics',
          partition: 'cpu',
          name: 'lattice',
          state: 'running',
        },
        ...{ nodes: WIDE_NODES, cpus: 40 * 64, memory_limit_mb: 40 * 200_000, gpus: 0 },
        ...{ submit_time: atSecond(-1800), start_time: atSecond(0), time_limit_seconds: 4 * 3600 },
      },
      {
        ...{ id: 'gpu', user: 'alice', account: 'physics', partition: 'gpu', name: 'train', ...ended },
        ...{ nodes: GPU_NODES, cpus: 128, memory_limit_mb: 512_000, gpus: 8, raw_state: 'COMPLETED' },
        ...{ submit_time: atSecond(-600), time_limit_seconds: 7200, exit_code: 0 },
      },
      {
        ...{ id: 'one', user: 'bob', account: 'bio', partition: 'cpu', name: 'align', ...ended },
        ...{ nodes: ['n01'], cpus: 16, memory_limit_mb: 16_384, gpus: 0, raw_state: 'COMPLETED' },
        ...{ submit_time: atSecond(-300), time_limit_seconds: 5400, exit_code: 0 },
      },
      {
        ...{ id: '4712', user: 'carol', nodes: ['n02'], array_job_id: '4711', array_task_id: 3, ...ended },
      },
      {
        ...{ id: '4800', user: 'carol', nodes: ['n03'], state: 'pending', reason: 'QOSMaxCpuPerUserLimit' },
        ...{ submit_time: atSecond(-300), start_time: atSecond(-300), cpus: 512 },
      },
    ],
  });
  await postSamples(url, 'wide', WIDE_NODES, 7200, 30, (place, second) => {
    if (place === 6 && second > 1800 && second < 3600) return undefined;
    const cpu = place === 39 ? 1 : 55 + 40 * Math.sin(second / 900 + place / 6);
    return { cpu_usage: round(cpu), memory_usage_mb: 60_000 + 2500 * place + (second >> 2) };
  });
  await postSamples(url, 'gpu', GPU_NODES, 3600, 15, (place, second) => {
    if (second > 1200 && second < 1800) return undefined;
    const use = (gpu: number) => (gpu === 3 ? 0 : round(70 + 25 * Math.sin(second / 300 + gpu + place)));
    return {
      cpu_usage: round(40 + 20 * Math.sin(second / 400 + place)),
      memory_usage_mb: 120_000 + 20 * second * (1 + place),
      gpu_usage: round((use(0) + use(1) + use(2)) / 4),
      io_read_bytes: second * 300 * MB * (1 + place),
      io_written_bytes: second * 20 * MB,
      gpus: [0, 1, 2, 3].map((gpu) => ({
        gpu: `GPU-${place}${gpu}f1c2d3-0000`,
        gpu_utilization_percent: use(gpu),
        gpu_memory_used_bytes: gpu === 3 ? 0 : 30e9 + gpu * 4e9,
        gpu_power_watts: 70 + 3 * use(gpu),
      })),
    };
  });
  await postSamples(url, 'one', ['n01'], 3600, 15, (_, second) => ({
    cpu_usage: round(80 + 15 * Math.sin(second / 200)),
    memory_usage_mb: 2000 + 3 * second,
    memory_anonymous_bytes: (1900 + 3 * second) * MB,
    memory_shared_bytes: 100 * MB,
    memory_cache_bytes: (500 + second / 2) * MB,
    memory_current_bytes: (2500 + 3.5 * second) * MB,
    memory_limit_bytes: 16_384 * MB,
    io_read_bytes: second * 80 * MB,
    io_written_bytes: second * second * 2000,
    cpu_energy_joules: second * 120,
    cpu_seconds: second * 13,
  }));
}

const round = (value: number): number => Math.round(value * 100) / 100;

type Values = Record<string, number> & { gpus?: Record<string, number | string>[] };
/** Values of a node at a second of the run; undefined while it is silent. */
type Measure = (place: number, second: number) => (Record<string, unknown> & object) | undefined;

/** Writes samples as columns, in batches. */
async function postSamples(
  url: string,
  jobId: string,
  nodes: readonly string[],
  seconds: number,
  every: number,
  measure: Measure,
): Promise<void> {
  const rows: { node: string; second: number; values: Values }[] = [];
  for (let second = 0; second < seconds; second += every) {
    for (const [place, node] of nodes.entries()) {
      const values = measure(place, second) as Values | undefined;
      if (values) rows.push({ node, second, values });
    }
  }
  for (let from = 0; from < rows.length; from += 5000) {
    const part = rows.slice(from, from + 5000);
    const names = Object.keys(part[0]!.values).filter((name) => name !== 'gpus');
    const readings = part.flatMap(({ values: { gpus = [] } }, sample) =>
      gpus.map((gpu) => ({ sample, ...gpu })),
    );
    await post(url, 'samples', {
      columns: {
        job_id: part.map(() => jobId),
        node: part.map(({ node }) => node),
        timestamp: part.map(({ second }) => atSecond(second)),
        ...Object.fromEntries(names.map((name) => [name, part.map(({ values }) => values[name])])),
      },
      ...(readings.length > 0 && {
        gpus: Object.fromEntries(
          Object.keys(readings[0]!).map((name) => [name, readings.map((one) => one[name as 'sample'])]),
        ),
      }),
    });
  }
}
