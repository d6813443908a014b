import { expect, test } from 'bun:test';
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createGpuUse } from '../../src/agent/gpu-use.ts';
import { createGpus } from '../../src/agent/gpus.ts';
import { createHeld } from '../../src/agent/held.ts';
import { createMeter } from '../../src/agent/meter.ts';
import { pathsUnder } from '../../src/agent/paths.ts';
import { type RoundOptions, readRound } from '../../src/agent/round.ts';
import { unpackTree } from '../help/captured-tree.ts';
import { programs } from '../help/programs.ts';

const uuid = (number: number) => `GPU-11111111-aaaa-bbbb-cccc-00000000000${number}`;
const place = (bus: string, number: number, minor: number) =>
  `==> /proc/driver/nvidia/gpus/0000:${bus}:00.0/information <==
GPU UUID: \t ${uuid(number)}
Device Minor: \t ${minor}
`;
const SCOPE = '/c/slurmstepd.scope';
const TREE = `==> /proc/1/mountinfo <==
1 2 0:3 / /c rw - cgroup2 cgroup2 rw
==> /proc/stat <==
btime 1700000000
==> ${SCOPE}/job_1/cpu.stat <==
usage_usec 1
==> ${SCOPE}/s685M87SJRW700/cpu.stat <==
usage_usec 1
==> ${SCOPE}/job_3/cpu.stat <==
usage_usec 1
${place('1a', 1, 0)}${place('3b', 2, 1)}${place('89', 3, 2)}${place('b2', 4, 3)}`;
const QUERY = `case $1 in
--help-query-gpu) /bin/cat '${resolve('test/fixtures/gpu/nvidia-help.txt')}' ;;
*) echo call >>"$\{0%/bin/*}/calls"; /bin/cat '${resolve('test/fixtures/gpu/nvidia-rows.txt')}'; exit 15 ;;
esac`;

/** A node with the jobs 1, 3 and a run with a SLUID, and four GPUs, one of them lost. */
function startNode(script = QUERY) {
  const tree = unpackTree(TREE);
  const tools = programs({ 'nvidia-smi': script });
  let nowMs = 0;
  const held = `${tree.path}/var/spool/hpc-observe/held`;
  const paths = pathsUnder(tree.path);
  const monotonicMs = () => nowMs;
  const use = createGpuUse({ longestSpanMs: 60_000 });
  const gpus = createGpus({
    paths,
    use,
    path: tools.env.PATH,
    monotonicMs,
    waitMs: 400,
    timeoutMs: 5000,
  });
  const clock = { nowMs: () => nowMs, monotonicMs };
  const round = { paths, node: 'node01', clock, gpus, held: createHeld({ paths, node: 'node01' }) };
  const logged = tools.file('calls');
  return {
    tools,
    read(options: Partial<RoundOptions> = {}, laterMs = 15_000) {
      nowMs += laterMs;
      return readRound({ ...round, meter: createMeter(), ...options });
    },
    /** How often nvidia-smi was asked for values. */
    calls: () => (existsSync(logged) ? readFileSync(logged, 'utf8').split('\n').length - 1 : 0),
    /** A job begins. */
    make: (jobId: string) => mkdirSync(`${tree.path}${SCOPE}/job_${jobId}`, { recursive: true }),
    /** All jobs end. */
    end: () => rmSync(`${tree.path}${SCOPE}`, { recursive: true }),
    hold(name: string, variables: Record<string, string>, timeSeconds?: number) {
      mkdirSync(held, { recursive: true });
      const texts = Object.entries(variables).map(([variable, value]) => `${variable}=${value}`);
      writeFileSync(`${held}/${name}.event`, ['hpc-observe hook 1', ...texts, 'end', ''].join('\0'));
      if (timeSeconds !== undefined) utimesSync(`${held}/${name}.event`, timeSeconds, timeSeconds);
    },
    [Symbol.dispose]() {
      tree[Symbol.dispose]();
      tools[Symbol.dispose]();
    },
  };
}

test('the GPUs of each job are in its reading, by the files of the Prolog', async () => {
  using node = startNode();
  node.hold('1-node01', { SLURM_JOB_ID: '1', SLURM_JOB_GPUS: '0,2' });
  node.hold('2-node01', { SLURM_JOB_ID: '2', SLURM_JOB_SLUID: 's685M87SJRW700', SLURM_JOB_GPUS: '1' });
  const { readings, troubles } = await node.read();
  const gpus = new Map(readings.map(({ key, gpus }) => ['sluid' in key ? key.sluid : key.jobId, gpus]));
  expect(gpus.get('1')?.map(({ uuid, values }) => [uuid, values.gpu_utilization_percent])).toEqual([
    [uuid(1), 87],
    [uuid(3), undefined],
  ]);
  expect(gpus.get('s685M87SJRW700')?.map(({ values }) => values.gpu_utilization_percent)).toEqual([0]);
  expect(gpus.get('3')).toEqual([]);
  const [again] = (await node.read()).readings;
  expect(again?.values.gpu_energy_joules).toBeCloseTo(312.41 * 15, 6);
  expect(troubles).toEqual([
    {
      collector: 'nvidia',
      message:
        'The GPU 0000:89:00.0 no longer answers. Drain the node, look for Xid in dmesg, and restart it.',
    },
  ]);
});

test('a round has all GPUs of the node, held or not, and reads them where there are no jobs', async () => {
  using node = startNode();
  const { devices } = await node.read();
  expect(devices?.map((device) => [device.uuid, device.values.gpu_utilization_percent])).toEqual([
    [uuid(1), 87],
    [uuid(2), 0],
    [uuid(4), undefined],
    [uuid(3), undefined],
  ]);
  expect(node.calls()).toBe(1);
  node.end();
  const idle = await node.read();
  expect([idle.readings, idle.devices?.length, node.calls()]).toEqual([[], 4, 2]);
  expect((await node.read({ keys: [{ jobId: '1' }] })).devices).toBeUndefined();
  expect(node.calls()).toBe(2);
});

test('a file of a job that is gone, of another node, or of before the last start gives nobody a GPU', async () => {
  using node = startNode();
  node.hold('1-node01', { SLURM_JOB_ID: '1', SLURM_JOB_GPUS: '0' }, 1_699_999_999);
  node.hold('99-node01', { SLURM_JOB_ID: '99', SLURM_JOB_GPUS: '3' });
  node.hold('3-node02', { SLURM_JOB_ID: '3', SLURM_JOB_GPUS: '1' });
  const { readings } = await node.read();
  expect(readings.flatMap(({ gpus }) => gpus)).toEqual([]);
  node.hold('3-node01', { SLURM_JOB_ID: '3', SLURM_JOB_GPUS: '3' });
  const [reading] = (await node.read({ keys: [{ jobId: '3' }] })).readings;
  expect(reading?.gpus.map(({ uuid, isShared }) => [uuid, isShared])).toEqual([[uuid(4), undefined]]);
});

test('a first sample of one job knows that another shares its GPU', async () => {
  using node = startNode();
  node.hold('1-node01', { SLURM_JOB_ID: '1', SLURM_JOB_GPUS: '0' });
  node.hold('3-node01', { SLURM_JOB_ID: '3', SLURM_JOB_GPUS: '0' });
  const { readings } = await node.read({ keys: [{ jobId: '3' }] });
  expect(readings.map(({ gpus }) => gpus)).toEqual([
    [{ uuid: uuid(1), isShared: true, values: {}, model: 'NVIDIA A100-SXM4-80GB' }],
  ]);
  expect(readings[0]?.values.gpu_held_seconds).toBeUndefined();
});

test('an nvidia-smi that hangs leaves the GPUs of a job without values, and repeats none', async () => {
  using node = startNode();
  node.hold('1-node01', { SLURM_JOB_ID: '1', SLURM_JOB_GPUS: '0' });
  const gpusOf = async () => {
    const { readings, troubles } = await node.read();
    expect(readings).toHaveLength(3);
    return {
      values: readings[0]?.gpus.map(({ uuid, values }) => [uuid, Object.keys(values).length]),
      troubles,
    };
  };
  expect((await gpusOf()).values).toEqual([[uuid(1), 8]]);
  node.tools.write('nvidia-smi', 'exec /bin/sleep 2');
  const { values, troubles } = await gpusOf();
  expect(values).toEqual([[uuid(1), 0]]);
  expect(troubles).toEqual([
    {
      collector: 'nvidia',
      message: 'nvidia-smi took more than 0.4 s, so this round goes without its values.',
    },
  ]);
});

test('GPUs have their names even if nvidia-smi never answered', async () => {
  using node = startNode('echo no driver >&2; exit 9');
  node.hold('1-node01', { SLURM_JOB_ID: '1', SLURM_JOB_GPUS: '3' });
  const { readings, troubles } = await node.read();
  expect(readings[0]?.gpus).toEqual([{ uuid: uuid(4), values: {} }]);
  expect(troubles).toEqual([{ collector: 'nvidia', message: 'nvidia-smi failed: no driver.' }]);
});

test('the administrator is told that no Prolog says who holds a GPU', async () => {
  using node = startNode();
  const { troubles } = await node.read();
  expect(troubles.map(({ collector }) => collector)).toEqual(['nvidia', 'gpus']);
  expect(troubles[1]?.message).toContain('hpc-observe slurm hooks');
});

test('a job that begins between two rounds has its GPUs read once more, and then waits for the rounds', async () => {
  using node = startNode();
  const first = { keys: [{ jobId: '1' }] };
  await node.read();
  const before = node.calls();
  node.hold('1-node01', { SLURM_JOB_ID: '1', SLURM_JOB_GPUS: '0' });
  // The directory was there already, so that the job is not new.
  expect((await node.read(first, 1000)).gpusDueMs).toBeUndefined();
  expect(node.calls()).toBe(before);
  node.make('9');
  node.hold('9-node01', { SLURM_JOB_ID: '9', SLURM_JOB_GPUS: '1' });
  const ninth = { keys: [{ jobId: '9' }] };
  const utilization = async (laterMs: number) => {
    const { readings, gpusDueMs } = await node.read(ninth, laterMs);
    return [readings[0]?.gpus[0]?.values.gpu_utilization_percent, gpusDueMs];
  };
  expect(await utilization(1000)).toEqual([0, undefined]);
  expect(node.calls()).toBe(before + 1);
  // A reading a second of a young job holds its GPU on, and starts nothing.
  for (let second = 1; second <= 10; second++)
    expect(await utilization(1000)).toEqual([second < 5 ? 0 : undefined, undefined]);
  expect(node.calls()).toBe(before + 1);
  const { readings } = await node.read({}, 1000);
  expect(readings.find(({ key }) => 'jobId' in key && key.jobId === '9')?.values).toMatchObject({
    gpu_held_seconds: 11,
    gpu_idle_seconds: 11,
    gpu_power_seconds: 11,
  });
  expect(node.calls()).toBe(before + 2);
});

test('however many jobs begin, GPUs are read between the rounds once in five seconds', async () => {
  using node = startNode();
  await node.read();
  const before = node.calls();
  const due: (number | undefined)[] = [];
  for (let job = 10; job < 20; job++) {
    node.make(`${job}`);
    node.hold(`${job}-node01`, { SLURM_JOB_ID: `${job}`, SLURM_JOB_GPUS: '1' });
    due.push((await node.read({ keys: [{ jobId: `${job}` }] }, 1000)).gpusDueMs);
  }
  expect(node.calls()).toBe(before + 2);
  expect(due).toEqual([undefined, 4000, 3000, 2000, 1000, undefined, 4000, 3000, 2000, 1000]);
});
