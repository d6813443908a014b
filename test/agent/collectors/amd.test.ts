import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { createAmd } from '../../../src/agent/collectors/amd.ts';
import { parseAmdSmi, parseRocmSmi } from '../../../src/agent/collectors/amd-text.ts';
import { pathsUnder } from '../../../src/agent/paths.ts';
import { unpackTree } from '../../help/captured-tree.ts';
import { programs } from '../../help/programs.ts';

const fixture = (name: string) => readFileSync(`test/fixtures/gpu/${name}`, 'utf8');
const LIST = fixture('amd-smi-list.json');
const METRIC = fixture('amd-smi-metric.json');
const ROCM = fixture('rocm-smi.json');

const MI300 = [
  {
    gpu_utilization_percent: 96,
    gpu_memory_used_bytes: 2 ** 30,
    gpu_memory_total_bytes: 196592 * 2 ** 20,
    gpu_power_watts: 540,
    gpu_temperature_celsius: 71,
  },
  { gpu_memory_used_bytes: 0, gpu_memory_total_bytes: 196592 * 2 ** 20, gpu_temperature_celsius: 40 },
];

test('amd-smi has values with and without units, and N/A in their place', () => {
  const { devices, dropped } = parseAmdSmi(METRIC, LIST);
  expect(devices.map(({ values }) => values)).toEqual(MI300);
  expect(devices.map(({ uuid }) => uuid)).toEqual([
    'd1ff74a0-0000-1000-80ea-0123456789ab',
    'd2ff74a0-0000-1000-80ea-0123456789ab',
  ]);
  expect(devices.map(({ busId }) => busId)).toEqual(['0000:c1:00.0', '0000:c6:00.0']);
  expect(dropped).toBe(0);
});

test('amd-smi may put its list into an object', () => {
  expect(parseAmdSmi(`{"gpu_data": ${METRIC}}`, LIST)).toEqual(parseAmdSmi(METRIC, LIST));
});

test.each(['', 'ERROR:root:no driver', '{}', '7', '"x"'])('amd-smi that prints %p is refused', (text) => {
  expect(() => parseAmdSmi(text, LIST)).toThrow('amd-smi metric printed');
});

test('rocm-smi has texts under names that change, and a second die has no power', () => {
  const { devices } = parseRocmSmi(ROCM);
  expect(devices.map(({ uuid, values }) => [uuid, values])).toEqual([
    [
      'GPU-18f68e602b8a790f',
      {
        gpu_utilization_percent: 12,
        gpu_memory_used_bytes: 11526144,
        gpu_memory_total_bytes: 68702699520,
        gpu_power_watts: 92,
        gpu_temperature_celsius: 35,
      },
    ],
    [
      'GPU-08f68e602b8a7910',
      {
        gpu_utilization_percent: 0,
        gpu_memory_used_bytes: 10,
        gpu_memory_total_bytes: 68702699520,
        gpu_temperature_celsius: 39,
      },
    ],
  ]);
  const renamed = ROCM.replace('Average Graphics Package', 'Current Socket Graphics Package');
  expect(parseRocmSmi(renamed).devices[0]?.values.gpu_power_watts).toBe(92);
});

test.each(['', '[]', '{"system": {}}', 'WARNING: AMD GPU device(s) is/are in a low-power state'])(
  'rocm-smi that prints %p is refused',
  (text) => {
    expect(() => parseRocmSmi(text)).toThrow('rocm-smi printed');
  },
);

const DEVICE = '/sys/class/drm/card1/device';
const PLACE = `==> ${DEVICE}/vendor <==
0x1002
==> ${DEVICE}/uevent <==
DRIVER=amdgpu
PCI_SLOT_NAME=0000:c1:00.0
==> ${DEVICE}/unique_id <==
18f68e602b8a790f
==> ${DEVICE}/drm/renderD129/dev <==
226:129
==> /sys/class/drm/card0/device/vendor <==
0x1a03
==> /sys/class/drm/card0/device/uevent <==
PCI_SLOT_NAME=0000:03:00.0
`;
const FILES = `${PLACE}==> ${DEVICE}/gpu_busy_percent <==
0
==> ${DEVICE}/mem_info_vram_used <==
11526144
==> ${DEVICE}/mem_info_vram_total <==
68702699520
==> ${DEVICE}/hwmon/hwmon3/power1_average <==
92000000
==> ${DEVICE}/hwmon/hwmon3/temp1_input <==
35000
`;

test('the files of the driver are enough, and no program is started', async () => {
  using tree = unpackTree(FILES);
  const read = createAmd({ paths: pathsUnder(tree.path), path: '/nowhere' });
  expect(await read()).toEqual({
    devices: [
      {
        uuid: 'GPU-18f68e602b8a790f',
        vendor: 'amd',
        busId: '0000:c1:00.0',
        minor: 129,
        values: {
          gpu_utilization_percent: 0,
          gpu_memory_used_bytes: 11526144,
          gpu_memory_total_bytes: 68702699520,
          gpu_power_watts: 92,
          gpu_temperature_celsius: 35,
        },
      },
    ],
    lost: [],
    dropped: 0,
  });
});

test('a node without an AMD GPU starts no program', async () => {
  using tree = unpackTree('==> /sys/class/drm/card0/device/vendor <==\n0x1a03\n');
  expect(await createAmd({ paths: pathsUnder(tree.path), path: '' })()).toMatchObject({ devices: [] });
});

test('without the file of the driver amd-smi is asked, and rocm-smi where amd-smi fails', async () => {
  using tree = unpackTree(PLACE);
  using tools = programs({
    'amd-smi': `case $1 in list) /bin/cat <<'END'\n${LIST}\nEND\n;; *) /bin/cat <<'END'\n${METRIC}\nEND\n;; esac`,
    'rocm-smi': `/bin/cat <<'END'\n${ROCM}\nEND`,
  });
  const read = createAmd({ paths: pathsUnder(tree.path), path: tools.env.PATH });
  const first = (await read()).devices[0]!;
  expect(first).toMatchObject({ uuid: 'GPU-18f68e602b8a790f', minor: 129, values: MI300[0]! });
  tools.write('amd-smi', 'echo "Traceback: amdsmi_init"; exit 1');
  expect((await read()).devices[0]?.values.gpu_power_watts).toBe(92);
});

test('the administrator is told what to install where nothing can be read', async () => {
  using tree = unpackTree(PLACE);
  const read = createAmd({ paths: pathsUnder(tree.path), path: '/nowhere' });
  expect(await read().then(String, String)).toContain('neither amd-smi nor rocm-smi is there');
});

test.each(['amd-smi', 'rocm-smi'])('an %s that hangs is killed', async (name) => {
  using tree = unpackTree(PLACE);
  using tools = programs({ [name]: 'exec /bin/sleep 30' });
  const read = createAmd({ paths: pathsUnder(tree.path), path: tools.env.PATH, timeoutMs: 100 });
  expect(await read().then(String, String)).toContain(`${name} took more than 0.1 s and was killed`);
});

test.each(['amd-smi', 'rocm-smi'])(
  'an %s that prints garbage is said to, with what it printed',
  async (name) => {
    using tree = unpackTree(PLACE);
    using tools = programs({ [name]: 'echo "Segmentation fault (core dumped)"' });
    const read = createAmd({ paths: pathsUnder(tree.path), path: tools.env.PATH });
    const message = await read().then(String, String);
    expect(message).toContain(`${name} `);
    expect(message).toContain('Segmentation fault');
  },
);

test('a GPU that amd-smi lost has no values, and fields with other names are absent', () => {
  const list = JSON.stringify([
    { gpu: 0, bdf: '0000:c1:00.0', uuid: 'GPU-18f68e602b8a790f' },
    { gpu: 1, bdf: '0000:c6:00.0', uuid: 'GPU-2222222222222222' },
  ]);
  const metric = JSON.stringify([
    {
      gpu: 0,
      usage: { graphics_activity: { value: 5, unit: '%' } },
      power: { socket_power: { value: 90, unit: 'W' } },
    },
    { gpu: 1, usage: 'N/A', power: 'N/A', temperature: 'N/A', mem_usage: 'N/A' },
  ]);
  const { devices } = parseAmdSmi(metric, list);
  expect(devices.map(({ uuid, values }) => [uuid, values])).toEqual([
    ['GPU-18f68e602b8a790f', { gpu_power_watts: 90 }],
    ['GPU-2222222222222222', {}],
  ]);
});
