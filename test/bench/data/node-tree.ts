import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

export const NODE = 'node01';
const SCOPE = '/sys/fs/cgroup/system.slice/slurmstepd.scope';
/** In the order of the kernel; half of them are read. */
const MEMORY_STAT = [
  ...['anon', 'file', 'kernel', 'kernel_stack', 'pagetables', 'sec_pagetables', 'percpu', 'sock', 'vmalloc'],
  ...['shmem', 'zswap', 'zswapped', 'file_mapped', 'file_dirty', 'file_writeback', 'swapcached', 'anon_thp'],
  ...['file_thp', 'shmem_thp', 'inactive_anon', 'active_anon', 'inactive_file', 'active_file', 'unevictable'],
  ...['slab_reclaimable', 'slab_unreclaimable', 'slab', 'workingset_refault_anon', 'workingset_refault_file'],
  ...[
    'pgscan',
    'pgsteal',
    'pgfault',
    'pgmajfault',
    'pgrefill',
    'pgactivate',
    'pgdeactivate',
    'thp_fault_alloc',
  ],
];

/** Writes the /proc and /sys of a node with these jobs, in cgroups of version 2; some have a GPU each. */
export function writeNode(
  root: string,
  { jobs, gpus }: { readonly jobs: number; readonly gpus: number },
): string[] {
  const write = (path: string, text: string) => {
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, text);
  };
  write('/proc/self/mountinfo', '29 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n');
  write('/proc/sys/kernel/random/boot_id', '2f5a6c0e-8a7d-4d6e-9a51-000000000000\n');
  write('/proc/stat', cpuStat(128));
  write('/proc/meminfo', 'MemTotal: 527863384 kB\nMemFree: 1 kB\nMemAvailable: 263931692 kB\n');
  write('/proc/loadavg', '12.00 11.00 10.00 5/2000 12345\n');
  for (const number of [0, 1]) writePackage(write, number);
  const ids = Array.from({ length: jobs }, (_, job) => `${4711 + job}`);
  for (const [position, id] of ids.entries()) writeJob(write, id, position);
  for (let gpu = 0; gpu < gpus; gpu++) writeGpu(write, gpu, ids[gpu]!);
  write('/usr/bin/nvidia-smi', nvidiaSmi(gpus));
  chmodSync(`${root}/usr/bin/nvidia-smi`, 0o755);
  return ids;
}

type Write = (path: string, text: string) => void;

function cpuStat(cpus: number): string {
  const line = (name: string) => `${name} 100000 200 30000 9999999 888 0 600 0 0 0\n`;
  return `${line('cpu ') + Array.from({ length: cpus }, (_, cpu) => line(`cpu${cpu}`)).join('')}btime 1700000000\n`;
}

function writePackage(write: Write, number: number): void {
  const zone = `/sys/class/powercap/intel-rapl:${number}`;
  write(`${zone}/name`, `package-${number}\n`);
  write(`${zone}/energy_uj`, '123456789012\n');
  write(`${zone}/max_energy_range_uj`, '262143328850\n');
}

function writeJob(write: Write, id: string, position: number): void {
  const job = `${SCOPE}/job_${id}`;
  const files = {
    'cpu.stat':
      'usage_usec 123456789\nuser_usec 100000000\nsystem_usec 23456789\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n',
    'cpuset.cpus': `${2 * position}-${2 * position + 1}\n`,
    'cpuset.cpus.effective': `${2 * position}-${2 * position + 1}\n`,
    'memory.current': '2147483648\n',
    'memory.peak': '3147483648\n',
    'memory.max': '8589934592\n',
    'memory.stat': MEMORY_STAT.map((name, line) => `${name} ${123_456_789 + line}\n`).join(''),
    'memory.events': 'low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n',
    'io.stat': '259:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n',
    'cgroup.events': 'populated 1\nfrozen 0\n',
    'cgroup.procs': '',
  };
  for (const [name, text] of Object.entries(files)) write(`${job}/${name}`, text);
  for (const name of ['cpu', 'memory', 'io'])
    write(
      `${job}/${name}.pressure`,
      'some avg10=0.00 avg60=0.00 avg300=0.00 total=12345\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n',
    );
  for (const [number, task] of [
    'step_extern/user/task_special',
    'step_batch/user/task_0',
    'step_0/user/task_0',
  ].entries()) {
    const pid = 10_000 + position * 10 + number;
    write(`${job}/${task}/cgroup.procs`, `${pid}\n`);
    write(`${job}/${task}/cgroup.threads`, `${pid}\n`);
    write(
      `${job}/${task.replace('/task_0', '').replace('/task_special', '')}/cgroup.events`,
      'populated 1\nfrozen 0\n',
    );
    write(
      `/proc/${pid}/cmdline`,
      number === 0 ? 'sleep\u0000100000000\u0000' : 'python3\u0000train.py\u0000',
    );
  }
}

const uuidOf = (gpu: number): string => `GPU-00000000-aaaa-bbbb-cccc-00000000000${gpu}`;
const busOf = (gpu: number): string => `0000:${(16 + gpu).toString(16)}:00.0`;

function writeGpu(write: Write, gpu: number, jobId: string): void {
  const information = `Model: \t NVIDIA H100\nGPU UUID: \t ${uuidOf(gpu)}\nDevice Minor: \t ${gpu}\n`;
  write(`/proc/driver/nvidia/gpus/${busOf(gpu)}/information`, information);
  const variables = ['hpc-observe hook 1', `SLURM_JOB_ID=${jobId}`, `SLURM_JOB_GPUS=${gpu}`, 'end', ''];
  write(`/var/spool/hpc-observe/held/${jobId}-${NODE}.event`, variables.join('\0'));
}

/** Answers at once, with nothing but what the shell has itself. */
function nvidiaSmi(gpus: number): string {
  const help = readFileSync(resolve('test/fixtures/gpu/nvidia-help.txt'), 'utf8');
  const rows = Array.from(
    { length: gpus },
    (_, gpu) =>
      `${uuidOf(gpu)}, 0000${busOf(gpu).toUpperCase()}, NVIDIA H100, Disabled, 87, 12345, 81559, 312.41, 54, 0x0`,
  );
  return `#!/bin/sh\ncase $1 in\n--help-query-gpu) echo '${help.replaceAll("'", '')}' ;;\n*) echo '${rows.join('\n')}' ;;\nesac\n`;
}
