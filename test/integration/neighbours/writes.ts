import { zstdCompressSync } from 'node:zlib';
import { REMOTE_WRITE_HEADERS, remoteWrite, type SentSeries, snappy } from '../../help/remote-write.ts';
import { atOnce, type Case, drain, OF_500, send, sendAndLeave } from './case.ts';

const MEBIBYTE = 1024 * 1024;
const repeat = (text: string, count: number) => Buffer.alloc(text.length * count, text);
const joined = (...parts: (string | Uint8Array)[]) =>
  new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array))));

/** A body of about 60 MiB that packs to a few kilobytes. */
const bomb = (list: string, filler: string, last: string) =>
  joined(`{"${list}":[`, repeat(filler, Math.floor((60 * MEBIBYTE) / filler.length)), `${last}]}`);
const packed = (body: Uint8Array) => new Uint8Array(zstdCompressSync(body));
const ZSTD = { 'content-encoding': 'zstd' };
const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const keys = (count: number) =>
  Array.from({ length: count }, (_, number) => `"k${number}":${number}`).join(',');

let next = 0;
/** Ids that nobody has used: every attempt makes jobs of its own. */
const newId = () => `case-${++next}`;
const job = (fields: object = {}) => ({ id: newId(), user: 'case', nodes: ['c1'], ...fields });
/** One that ran long ago: a scrape does not grow by it. */
const pastJob = (fields: object = {}) =>
  job({
    state: 'completed',
    start_time: '2025-01-01T00:00:00Z',
    end_time: '2025-01-01T01:00:00Z',
    ...fields,
  });
const nodeNames = (count: number, from = 0) =>
  Array.from({ length: count }, (_, number) => `n${from + number}`);
const sample = (jobId: string, fields: object = {}) => ({
  job_id: jobId,
  cpu_usage: 50,
  memory_usage_mb: 100,
  ...fields,
});
const samples = (count: number, make: (number: number) => object) => ({
  samples: Array.from({ length: count }, (_, number) => make(number)),
});

/** Bodies that no route should have trouble with, whatever it expects. */
const STRANGE: readonly [use: string, body: () => string | Uint8Array<ArrayBuffer>][] = [
  ['lists 40,000 deep', () => `{"id":"x","user":"u","nodes":["n"],"zz":${deep(40_000)}}`],
  ['1 MiB of opening brackets', () => '['.repeat(MEBIBYTE - 10)],
  ['70,000 keys', () => `{${keys(70_000)}}`],
  ['a text of 1 MiB', () => JSON.stringify({ id: 'x'.repeat(MEBIBYTE - 100) })],
  ['1 MiB of blanks', () => `{${' '.repeat(MEBIBYTE - 10)}}`],
  ['64 MiB where 1 MiB is allowed', () => joined('{"id":"', repeat('x', 64 * MEBIBYTE), '"}')],
];

const strange = (endpoint: string, path = endpoint): Case[] =>
  STRANGE.map(([use, body]) => ({ endpoint, use, run: (url) => send(url, path, body()) }));

/** A job, its nodes and their counts are written in one transaction: 10 us a node. */
const MANY_NODES = { waitMs: 150 };

const SINGLE: readonly Case[] = [
  ...strange('POST /v1/jobs'),
  ...strange('PATCH /v1/jobs/:jobId', 'PATCH /v1/jobs/neighbour'),
  ...strange('POST /v1/jobs/:jobId/metrics', 'POST /v1/jobs/neighbour/metrics'),
  ...strange('POST /v1/events/job-started'),
  ...strange('POST /v1/events/job-finished'),
  ...strange('POST /v1/events/hook'),
  {
    endpoint: 'POST /v1/events/hook',
    use: 'the start of a job on 10,000 nodes',
    limits: MANY_NODES,
    run: (url) =>
      send(url, 'POST /v1/events/hook', {
        file: `${Math.floor(Date.now() / 1000)}.000000000-prolog_slurmctld-${++next}-0-1-head01.event`,
        variables: [`SLURM_JOB_ID=${900_000 + next}`, 'SLURM_JOB_USER=u', 'SLURM_JOB_NODELIST=n[1-10000]'],
      }),
  },
  {
    endpoint: 'POST /v1/jobs',
    use: 'a job with 10,000 nodes',
    limits: MANY_NODES,
    run: (url) => send(url, 'POST /v1/jobs', job({ nodes: nodeNames(10_000) })),
  },
  {
    endpoint: 'POST /v1/jobs',
    use: '500 jobs at once',
    limits: OF_500,
    run: (url) => atOnce(500, () => send(url, 'POST /v1/jobs', job())),
  },
  {
    endpoint: 'DELETE /v1/jobs/:jobId',
    use: 'a job with 10,000 nodes',
    limits: MANY_NODES,
    run: async (url) => {
      const made = job({ nodes: nodeNames(10_000) });
      await send(url, 'POST /v1/jobs', made);
      const answer = await fetch(`${url}/v1/jobs/${made.id}`, { method: 'DELETE' });
      if (answer.status !== 204) throw new Error(`DELETE was answered ${answer.status}`);
    },
  },
  {
    endpoint: 'POST /v1/events/job-started',
    use: 'twenty lists of 99,999 nodes',
    run: (url) =>
      send(url, 'POST /v1/events/job-started', {
        job_id: newId(),
        user: 'u',
        node_list: Array(20).fill('n[1-99999]'),
      }),
  },
  {
    endpoint: 'POST /v1/events/job-started',
    use: '80,000 lists of 99,999 nodes',
    run: (url) =>
      send(url, 'POST /v1/events/job-started', {
        job_id: newId(),
        user: 'u',
        node_list: Array(80_000).fill('n[1-99999]'),
      }),
  },
  {
    endpoint: 'POST /v1/events/job-finished',
    use: 'numbers that no column holds',
    run: (url) =>
      send(
        url,
        'POST /v1/events/job-finished',
        '{"job_id":"e","final_state":"failed","exit_code":1e300,"signal":1e19}',
      ),
  },
];

const BOMBS: readonly [use: string, list: string, filler: string, last: string][] = [
  ['22,000,000 empty objects', 'samples', '{},', '{}'],
  ['22,000,000 empty lists', 'samples', '[],', '[]'],
  ['30,000,000 zeros', 'samples', '0,', '0'],
  ['60 MiB of blanks', 'samples', ' ', ''],
];

const bombCases = (endpoint: string, list: string): Case[] =>
  BOMBS.map(([use, , filler, last]) => {
    let body: Uint8Array<ArrayBuffer> | undefined;
    return {
      endpoint,
      use: `${use}, packed by zstd`,
      run: (url) => {
        body ??= packed(bomb(list, filler, last));
        return send(url, endpoint, body, ZSTD);
      },
    };
  });

/** 100,000 samples as columns, some of them with lists of their own. */
const columns = (lists: object = {}, count = 100_000) => ({
  columns: {
    job_id: 'neighbour',
    cpu_usage: Array(count).fill(50),
    memory_usage_mb: Array(count).fill(100),
    ...lists,
  },
});
const MEASURED = [
  ...['cpu_seconds', 'cpu_user_seconds', 'cpu_system_seconds', 'cpu_throttled_seconds', 'cpus_used'],
  ...['memory_current_bytes', 'memory_anonymous_bytes', 'memory_peak_bytes', 'io_read_bytes'],
  ...['io_written_bytes', 'processes', 'threads'],
];
const measured = (count: number) =>
  Object.fromEntries(
    MEASURED.map((name, place) => [
      name,
      Array.from({ length: count }, (_, number) => number * (place + 0.5)),
    ]),
  );
const readings = (count: number) => ({
  sample: Array.from({ length: count }, (_, number) => Math.floor(number / 2)),
  gpu: Array.from({ length: count }, (_, number) => `GPU-${number % 2}`),
  gpu_power_watts: Array.from({ length: count }, (_, number) => number),
});

/** Samples with further measures, and columns. */
const WIDE: readonly Case[] = (
  [
    ['60,000 rows with 12 measures', () => samples(60_000, (number) => sample('neighbour', rowOf(number)))],
    ['100,000 samples of columns with 12 measures', () => columns(measured(100_000))],
    ['200,000 readings of GPUs', () => ({ ...columns(), gpus: readings(200_000) })],
    ['100,000 samples of columns that are refused', () => columns({ cpu_usage: Array(100_000).fill(101) })],
    ['columns of another length', () => columns({ gpu_usage: Array(99_999).fill(1) })],
    ['columns of 60 MiB of zeros', () => `{"columns":{"cpu_usage":[${'0,'.repeat(30_000_000)}0]}}`],
    ['300 columns that nobody knows', () => `{"columns":{${manyColumns(300)}}}`],
  ] as const
).map(([use, body]) => ({
  endpoint: 'POST /v1/samples',
  use,
  run: (url: string) => {
    const text = body();
    const bytes = Buffer.from(typeof text === 'string' ? text : JSON.stringify(text));
    return send(url, 'POST /v1/samples', packed(new Uint8Array(bytes)), ZSTD);
  },
}));

function rowOf(number: number) {
  return Object.fromEntries(MEASURED.map((name, place) => [name, number * (place + 0.5)]));
}
function manyColumns(count: number): string {
  const zeros = Array(90_000).fill(0).join(',');
  return Array.from({ length: count }, (_, number) => `"c${number}":[${zeros}]`).join(',');
}

const BATCHES: readonly Case[] = [
  ...bombCases('POST /v1/samples', 'samples'),
  ...bombCases('POST /v1/jobs/batch', 'jobs'),
  {
    endpoint: 'POST /v1/samples',
    use: 'four bombs at once',
    run: (url) => {
      const body = packed(bomb('samples', '{},', '{}'));
      return atOnce(4, () => send(url, 'POST /v1/samples', body, ZSTD));
    },
  },
  {
    endpoint: 'POST /v1/samples',
    use: 'one row with 5,000,000 keys, packed by zstd',
    run: (url) => send(url, 'POST /v1/samples', packed(joined(`{"samples":[{${keys(5_000_000)}}]}`)), ZSTD),
  },
  {
    endpoint: 'POST /v1/samples',
    use: 'one row 10,000,000 deep, packed by zstd',
    run: (url) => send(url, 'POST /v1/samples', packed(joined('{"samples":', repeat('[', 10_000_000))), ZSTD),
  },
  {
    endpoint: 'POST /v1/samples',
    use: '70,000 rows of one job and one moment',
    run: (url) =>
      send(
        url,
        'POST /v1/samples',
        samples(70_000, () => sample('neighbour')),
      ),
  },
  {
    endpoint: 'POST /v1/samples',
    use: '100,000 rows of unknown jobs',
    run: (url) =>
      send(
        url,
        'POST /v1/samples',
        samples(100_000, (number) => sample(`nobody-${number}`)),
      ),
  },
  {
    endpoint: 'POST /v1/samples',
    use: '100,000 rows that are refused',
    run: (url) =>
      send(
        url,
        'POST /v1/samples',
        samples(100_000, () => sample('neighbour', { cpu_usage: 101 })),
      ),
  },
  {
    endpoint: 'POST /v1/samples',
    use: '100,000 rows with times of their own, the newest first',
    run: (url) => {
      const nowMs = Date.now();
      const at = (number: number) => new Date(nowMs - number * 10).toISOString();
      const row = (number: number) => sample('neighbour', { timestamp: at(number) });
      return send(url, 'POST /v1/samples', samples(100_000, row));
    },
  },
  {
    endpoint: 'POST /v1/samples',
    use: '32 batches of 5,000 rows at once',
    run: (url) =>
      atOnce(32, () =>
        send(
          url,
          'POST /v1/samples',
          samples(5000, () => sample('neighbour')),
        ),
      ),
  },
  ...WIDE,
  {
    endpoint: 'POST /v1/jobs/batch',
    use: '10,000 jobs',
    run: (url) => send(url, 'POST /v1/jobs/batch', { jobs: Array.from({ length: 10_000 }, () => pastJob()) }),
  },
  {
    endpoint: 'POST /v1/jobs/batch',
    use: '1,000 jobs with 100 nodes each',
    run: (url) =>
      send(url, 'POST /v1/jobs/batch', {
        jobs: Array.from({ length: 1000 }, (_, number) => pastJob({ nodes: nodeNames(100, number) })),
      }),
  },
  {
    endpoint: 'POST /v1/jobs/batch',
    use: '10,000 jobs that are refused',
    run: (url) =>
      send(url, 'POST /v1/jobs/batch', {
        jobs: Array.from({ length: 10_000 }, () => ({ id: '', nodes: 7 })),
      }),
  },
];

const completion = (fields: object) => ({
  jobid: 900_000_000 + ++next,
  username: 'u',
  state: 'COMPLETED',
  nodes: 'n1',
  '@start': '2026-01-01T00:00:00',
  '@end': '2026-01-01T00:00:01',
  '@submit': '2026-01-01T00:00:00',
  ...fields,
});
const COMPLETIONS: readonly Case[] = [
  {
    endpoint: 'POST /v1/slurm/jobcomp/:token',
    use: '500 guessed tokens at once',
    limits: OF_500,
    run: (url) => atOnce(500, (number) => send(url, `POST /v1/slurm/jobcomp/hpo_${number}`, completion({}))),
  },
  {
    endpoint: 'POST /v1/slurm/jobcomp',
    use: 'a list of many lists of 99,999 nodes',
    run: (url) =>
      send(url, 'POST /v1/slurm/jobcomp', completion({ nodes: Array(80_000).fill('n[1-99999]').join() })),
  },
  {
    endpoint: 'POST /v1/slurm/jobcomp',
    use: 'lists 40,000 deep',
    run: (url) => send(url, 'POST /v1/slurm/jobcomp', `{"jobid":1,"zz":${deep(40_000)}}`),
  },
  {
    endpoint: 'POST /v1/slurm/jobcomp',
    use: '60 MiB of blanks, packed by zstd',
    run: (url) => send(url, 'POST /v1/slurm/jobcomp', packed(bomb('x', ' ', '')), ZSTD),
  },
  {
    endpoint: 'POST /v1/slurm/jobcomp',
    use: 'a script of 4 MiB',
    run: (url) => send(url, 'POST /v1/slurm/jobcomp', completion({ script: 'x'.repeat(4 * MEBIBYTE) })),
  },
];

const REMOTE_WRITE = 'POST /v1/ingest/remote-write';
const write = (url: string, series: readonly SentSeries[]) =>
  send(url, REMOTE_WRITE, remoteWrite(series), REMOTE_WRITE_HEADERS);
/** What makes a sample of the job on a node: the third scrape is complete as soon as it arrives. */
const measures = (jobId: string, node: string, timeMs: number, cpuSeconds: number): SentSeries[] =>
  Object.entries({
    cgroup_cpu_total_seconds: cpuSeconds,
    cgroup_cpus: 4,
    cgroup_memory_rss_bytes: MEBIBYTE,
  }).map(([name, value]) => ({ name, labels: { jobid: jobId, node }, points: [[timeMs, value]] }));

const point = (name: string, node: string) => ({
  name,
  gauge: {
    dataPoints: [
      {
        timeUnixNano: `${Date.now()}000000`,
        asInt: '1',
        attributes: [{ key: 'node', value: { stringValue: node } }],
      },
    ],
  },
});
const resources = (count: number, metrics: number) => ({
  resourceMetrics: Array.from({ length: count }, (_, number) => ({
    scopeMetrics: [{ metrics: Array.from({ length: metrics }, () => point('cgroup_cpus', `n${number}`)) }],
  })),
});

/** Series of other exporters, on a service of their own: up to 300,000 values wait in memory for 30 s. */
export const INGESTS: readonly Case[] = [
  {
    endpoint: REMOTE_WRITE,
    use: '10,000 jobs on nodes in one request, several times',
    async run(url) {
      const startMs = Date.now() - 60_000;
      for (const scrape of [0, 1, 2, 3]) {
        const timeMs = startMs + scrape * 15_000;
        const jobs = Array.from({ length: 10_000 }, (_, job) =>
          measures(`nobody-${job}`, 'n1', timeMs, scrape),
        );
        await write(url, jobs.flat());
      }
    },
  },
  {
    endpoint: REMOTE_WRITE,
    use: '16 requests of 40,000 values at once',
    run: (url) =>
      atOnce(16, (number) =>
        write(
          url,
          Array.from({ length: 40_000 }, (_, index) => ({
            name: 'node_load1',
            labels: { instance: `n${index}:${number}` },
            points: [[Date.now(), 1]],
          })),
        ),
      ),
  },
  {
    endpoint: REMOTE_WRITE,
    use: '16 bombs of 4 MiB at once',
    run: (url) =>
      atOnce(16, () => send(url, REMOTE_WRITE, snappy(new Uint8Array(4 * MEBIBYTE)), REMOTE_WRITE_HEADERS)),
  },
  {
    endpoint: REMOTE_WRITE,
    use: 'a bomb that states a smaller length, 8 times at once',
    run: (url) => {
      const bomb = new Uint8Array(4 * MEBIBYTE);
      bomb.set([0x80, 0x80, 0x80, 0x02, 0, 65]);
      for (let at = 6; at + 2 < bomb.length; at += 3) bomb.set([254, 1, 0], at);
      return atOnce(8, () => send(url, REMOTE_WRITE, bomb, REMOTE_WRITE_HEADERS));
    },
  },
  ...strange('POST /v1/ingest/otlp'),
  {
    endpoint: 'POST /v1/ingest/otlp',
    use: '90,000 points of 9,000 nodes',
    run: (url) => send(url, 'POST /v1/ingest/otlp', resources(9000, 10)),
  },
  {
    endpoint: 'POST /v1/ingest/otlp/v1/metrics',
    use: 'a resource of almost 1 MiB, 20 times',
    run: (url) => atOnce(20, () => send(url, 'POST /v1/ingest/otlp/v1/metrics', resources(1, 6000))),
  },
];

/** A job that ran five times on 1,000 nodes, and samples of all of those nodes that lie in its first run. */
async function sendLateSamples(url: string): Promise<void> {
  const jobid = 800_000_000 + ++next;
  for (const hour of [1, 2, 3, 4, 5]) {
    const times = { '@submit': `2026-01-01T0${hour}:00:00`, '@start': `2026-01-01T0${hour}:00:00` };
    const run = { jobid, nodes: 'n[0001-1000]', state: hour === 5 ? 'COMPLETED' : 'REQUEUED' };
    const end = { '@end': `2026-01-01T0${hour}:50:00` };
    await send(url, 'POST /v1/slurm/jobcomp', completion({ ...run, ...times, ...end }));
  }
  const row = (number: number) => {
    const node = `n${String((number % 1000) + 1).padStart(4, '0')}`;
    const timestamp = new Date(Date.UTC(2026, 0, 1, 1, 1) + number).toISOString();
    return sample(String(jobid), { node, timestamp });
  };
  await send(url, 'POST /v1/samples', samples(5000, row));
}

const token = () => ({ name: newId(), role: 'viewer' });
const TOKENS: readonly Case[] = [
  ...strange('POST /v1/tokens'),
  {
    endpoint: 'POST /v1/tokens',
    use: '200 tokens at once',
    run: (url) => atOnce(200, () => send(url, 'POST /v1/tokens', token())),
  },
  {
    endpoint: 'DELETE /v1/tokens/:name',
    use: '200 tokens at once',
    async run(url) {
      const names = Array.from({ length: 200 }, newId);
      await Promise.all(names.map((name) => send(url, 'POST /v1/tokens', { name, role: 'viewer' })));
      await Promise.all(
        names.map(async (name) => drain(await fetch(`${url}/v1/tokens/${name}`, { method: 'DELETE' }))),
      );
    },
  },
];

const half = (path: string) =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"id":`;
const LATE: Case = {
  endpoint: 'POST /v1/samples',
  use: '5,000 late rows of a job that was requeued four times',
  run: sendLateSamples,
};
const CLIENTS: readonly Case[] = [
  {
    endpoint: 'POST /v1/jobs',
    use: '200 clients that leave in the middle of the body',
    run: (url) => atOnce(200, () => sendAndLeave(url, half('/v1/jobs'), 50)),
  },
  {
    endpoint: 'POST /v1/samples',
    use: '200 clients that leave in the middle of the body',
    run: (url) => atOnce(200, () => sendAndLeave(url, half('/v1/samples'), 50)),
  },
];

/** Where the service knows nobody, or everybody, they are refused before they cost anything. */
const ACCESS: readonly Case[] = [
  'POST /v1/findings',
  'POST /v1/sessions',
  'POST /v1/sessions/links',
  'DELETE /v1/sessions?user=alice',
  'DELETE /v1/sessions/current',
].map((request) => ({
  endpoint: request.replace(/\?.*/, ''),
  use: '500 at once',
  limits: OF_500,
  run: (url) => atOnce(500, () => send(url, request, {})),
}));

/** Tables of a file, which is as large as one may be. */
const MANY_POLICIES = Array.from({ length: 700 }, (_, at) => `[policy.p${at}]\nsays = "Ends ${at}."\n`).join(
  '',
);

const POLICIES: readonly Case[] = [
  {
    endpoint: 'POST /v1/policies/try',
    use: 'a large file with 700 faulty policies',
    run: (url) =>
      send(url, 'POST /v1/policies/try', { name: 'a.toml', text: MANY_POLICIES, since_seconds: 86_400 }),
  },
  {
    endpoint: 'POST /v1/digest',
    use: '500 at once',
    limits: OF_500,
    run: (url) => atOnce(500, (at) => send(url, 'POST /v1/digest', { wanted: at % 2 === 0 })),
  },
  {
    endpoint: 'POST /v1/digest/:link',
    use: '500 guesses at once',
    limits: OF_500,
    run: (url) => atOnce(500, (at) => send(url, `POST /v1/digest/YWxpY2U.${at}`, {})),
  },
];

/** Uses of all routes that write, on a service with few jobs. */
export const WRITES: readonly Case[] = [
  ...POLICIES,
  ...SINGLE,
  ...BATCHES,
  ...COMPLETIONS,
  ...TOKENS,
  LATE,
  ...CLIENTS,
  ...ACCESS,
];
