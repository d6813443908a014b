import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createNvidia } from '../../../src/agent/collectors/nvidia.ts';
import { pathsUnder } from '../../../src/agent/paths.ts';
import { unpackTree } from '../../help/captured-tree.ts';
import { programs } from '../../help/programs.ts';

const print = (name: string) => `/bin/cat '${resolve('test/fixtures/gpu', name)}'`;
const uuid = (number: number) => `GPU-11111111-aaaa-bbbb-cccc-00000000000${number}`;
const place = (bus: string, number: number, minor: number) =>
  `==> /proc/driver/nvidia/gpus/0000:${bus}:00.0/information <==
Model: \t\t NVIDIA A100-SXM4-80GB
GPU UUID: \t ${uuid(number)}
Device Minor: \t ${minor}
`;
const PLACES = [place('1a', 1, 2), place('3b', 2, 3), place('89', 3, 0), place('b2', 4, 1)].join('');

/** Stands in for nvidia-smi, and writes down how it was called. */
const program = (folder: string, { help = print('nvidia-help.txt'), query = print('nvidia-rows.txt') }) =>
  `echo "$*" >>${folder}/calls
case $1 in
--help-query-gpu) ${help} ;;
--query-gpu=*) ${query} ;;
-L) ${print('nvidia-mig-list.txt')} ;;
-q) ${print('nvidia-mig.xml')} ;;
esac`;

function start(query: Parameters<typeof program>[1] = {}, timeoutMs = 5000) {
  const tree = unpackTree(PLACES);
  const tools = programs({});
  tools.write('nvidia-smi', program(tools.file(''), query));
  return {
    read: createNvidia({ paths: pathsUnder(tree.path), path: tools.env.PATH, timeoutMs }),
    change: (other: Parameters<typeof program>[1]) =>
      tools.write('nvidia-smi', program(tools.file(''), other)),
    calls: () => readFileSync(tools.file('calls'), 'utf8').trimEnd().split('\n'),
    [Symbol.dispose]() {
      tree[Symbol.dispose]();
      tools[Symbol.dispose]();
    },
  };
}

const fault = (reading: Promise<unknown>) =>
  reading.then(
    () => 'no error',
    (error: Error) => error.message,
  );

test('one call reads all GPUs, with the numbers of their device files, and a lost one keeps its name', async () => {
  using gpus = start({ query: `${print('nvidia-rows.txt')}; exit 15` });
  const { devices, lost } = await gpus.read();
  expect(devices.map(({ uuid, minor }) => [uuid, minor])).toEqual([
    [uuid(1), 2],
    [uuid(2), 3],
    [uuid(4), 1],
    [uuid(3), 0],
  ]);
  expect(devices[0]?.values.gpu_utilization_percent).toBe(87);
  expect(devices[3]?.values).toEqual({});
  expect(lost).toEqual(['0000:89:00.0']);
  await gpus.read();
  const query = gpus.calls()[1]!;
  expect(gpus.calls()).toEqual(['--help-query-gpu', query, query]);
  expect(query).toContain('clocks_event_reasons.active');
});

test('a node with MIG also reads the slices', async () => {
  using gpus = start({ query: print('nvidia-mig-rows.txt') });
  const { devices } = await gpus.read();
  expect(devices.filter(({ parent }) => parent === uuid(1)).map(({ uuid }) => uuid)).toEqual([
    'MIG-22222222-aaaa-bbbb-cccc-000000000001',
    'MIG-22222222-aaaa-bbbb-cccc-000000000002',
  ]);
});

test('a driver that renames its fields is asked for them again', async () => {
  using gpus = start();
  await gpus.read();
  const refused = `case $1 in *event*) echo 'Field "clocks_event_reasons.active" is not a valid field to query.'; exit 2 ;; esac`;
  gpus.change({
    help: print('nvidia-help-470.txt'),
    query: `${refused}; echo ${uuid(1)}, 1A:00.0, A, 5, 6, 7, 8, 9, 0x4`,
  });
  expect(await fault(gpus.read())).toContain('nvidia-smi failed');
  expect((await gpus.read()).devices[0]).toMatchObject({
    uuid: uuid(1),
    values: { gpu_utilization_percent: 5, gpu_throttled: 1 },
  });
});

test('an nvidia-smi that hangs is killed, and the next reading starts a new one', async () => {
  using gpus = start({ query: 'exec /bin/sleep 30' }, 200);
  expect(await fault(gpus.read())).toBe('nvidia-smi took more than 0.2 s and was killed.');
  await Bun.sleep(50);
  gpus.change({});
  expect((await gpus.read()).devices).toHaveLength(4);
});

test.each([
  ['garbage', 'echo "<html>"', 'printed no row of a GPU, but: "<html>"'],
  ['nothing', ':', 'printed no row of a GPU, but: ""'],
  [
    'an error',
    "echo 'NVIDIA-SMI has failed because it could not talk to the driver' >&2; exit 9",
    'NVIDIA-SMI has failed',
  ],
  ['megabytes', '/usr/bin/yes', 'characters and was killed'],
])('an nvidia-smi that prints %s is a failure in words', async (_, query, message) => {
  using gpus = start({ query });
  expect(await fault(gpus.read())).toContain(message);
});

test('a node without the driver starts no program', async () => {
  using tree = unpackTree('');
  const read = createNvidia({ paths: pathsUnder(tree.path), path: '' });
  expect(await read()).toEqual({ devices: [], lost: [], dropped: 0 });
});

test('the administrator is told that nvidia-smi is missing', async () => {
  using tree = unpackTree(PLACES);
  const read = createNvidia({ paths: pathsUnder(tree.path), path: '/nowhere' });
  expect(await fault(read())).toContain("Install the driver's tools");
});
