import type { JobDirectory } from './cgroup/find.ts';
import { createAmd } from './collectors/amd.ts';
import { type Beside, readBeside } from './collectors/beside.ts';
import type { GpuDevice, GpuReport } from './collectors/gpu.ts';
import { createNvidia, readPlaces } from './collectors/nvidia.ts';
import { createGpuEnergy } from './energy.ts';
import { readText } from './file.ts';
import { attributeGpus, type GpuClaim, type GpuOrder, readGpuOrder, readMinors } from './gpu-holders.ts';
import { createHeld, type HeldJobs } from './held.ts';
import type { Paths } from './paths.ts';
import { type GpuReading, keyText, type Trouble } from './reading.ts';

interface GpusOptions {
  readonly paths: Paths;
  readonly node: string;
  /** The folder of the hooks' events; its default if left out. */
  readonly spool?: string;
  /** Folders in which programs are looked for, as in PATH; '' starts none, as for a captured tree. */
  readonly path?: string;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonicMs: () => number;
  /** How long a round waits for programs. */
  readonly waitMs?: number;
  /** Programs are killed after this time. */
  readonly timeoutMs?: number;
}

export interface GpuRound {
  /** GPUs by job, for all jobs of the node. */
  readonly gpus: ReadonlyMap<string, readonly GpuReading[]>;
  /** Energy of the GPUs by job, where their power is known. */
  readonly joules: ReadonlyMap<string, number>;
  readonly troubles: readonly Trouble[];
  readonly dropped: number;
}

export interface Gpus {
  /** Reads the GPUs of this node and decides which jobs hold them. Never rejects. */
  read(jobs: readonly JobDirectory[]): Promise<GpuRound>;
}

const PATH = '/usr/bin:/usr/local/bin:/usr/sbin:/bin:/opt/rocm/bin:/usr/local/nvidia/bin';
/** Where slurmd reads it, also where slurmctld hands it out. */
const GRES_CONF = [
  '/etc/slurm/gres.conf',
  '/run/slurm/conf/gres.conf',
  '/var/spool/slurmd/conf-cache/gres.conf',
];
const NO_HELD =
  'Which job holds which GPU is unknown, because no Prolog of this node keeps it. Set Prolog and Epilog to the ' +
  'scripts of hpc-observe slurm hooks.';

/** Reads GPUs round after round. */
export function createGpus(options: GpusOptions): Gpus {
  const { paths, node, path = PATH, monotonicMs, waitMs, timeoutMs } = options;
  const wait = { monotonicMs, ...(waitMs !== undefined && { waitMs }) };
  const programs = { paths, path, ...(timeoutMs !== undefined && { timeoutMs }) };
  const readHeld = createHeld({ paths, node, ...(options.spool !== undefined && { spool: options.spool }) });
  const energy = createGpuEnergy();
  const places = readBeside({
    name: '/proc/driver/nvidia',
    read: async () => (await readPlaces(paths)) ?? [],
    ...wait,
  });
  const sources = [
    createSource('nvidia', readBeside({ name: 'nvidia-smi', read: createNvidia(programs), ...wait }), places),
    createSource('amd', readBeside({ name: 'The reading of AMD GPUs', read: createAmd(programs), ...wait })),
  ];
  return {
    async read(jobs) {
      const reports = await Promise.all(sources.map((source) => source.read()));
      const devices = reports.flatMap((report) => report.devices);
      const troubles = reports.flatMap((report) => report.troubles);
      const dropped = reports.reduce((sum, report) => sum + report.dropped, 0);
      try {
        const held = readHeld();
        const claims = jobs.map((job) => claimOf(job, held));
        const { gpus, troubles: unknown } = attributeGpus(claims, devices, readOrder(paths));
        if (unknown.length > 0) troubles.push({ collector: 'gpus', message: unknown[0]! });
        else if (devices.length > 0 && held.isMissing && claims.some(({ minors }) => minors === undefined))
          troubles.push({ collector: 'gpus', message: NO_HELD });
        const others = new Set(held.jobs.flatMap(({ jobId, sluid = jobId }) => [jobId, sluid]));
        return { gpus, joules: energy.add(gpus, others, monotonicMs()), troubles, dropped };
      } catch (error) {
        const message = `${(error as Error).message}. Run the agent as the unit of deploy does, or as root.`;
        return {
          gpus: new Map(),
          joules: new Map(),
          troubles: [...troubles, { collector: 'gpus', message }],
          dropped,
        };
      }
    },
  };
}

type SourceRound = Omit<GpuReport, 'lost'> & { readonly troubles: readonly Trouble[] };

/** GPUs of one vendor: while they cannot be read, their names are those of before, without values. */
function createSource(collector: string, reading: Beside<GpuReport>, places?: Beside<GpuDevice[]>) {
  let names: readonly GpuDevice[] = [];

  async function readNames(): Promise<SourceRound> {
    if (names.length === 0) names = (await places?.read()) ?? [];
    const message = `${(reading.trouble() ?? 'No answer').replace(/\.$/, '')}.`;
    return { devices: names, dropped: 0, troubles: [{ collector, message }] };
  }

  return {
    async read(): Promise<SourceRound> {
      const report = await reading.read();
      if (report === undefined) return readNames();
      const { devices, lost, dropped } = report;
      if (devices.length > 0) names = devices.map((device) => ({ ...device, values: {} }));
      const troubles = lost.length === 0 ? [] : [{ collector, message: describeLost(lost) }];
      return { devices, dropped, troubles };
    },
  };
}

const describeLost = (lost: readonly string[]): string =>
  `The GPU ${lost.join(', ')} no longer answers. Drain the node, look for Xid in dmesg, and restart it.`;

function claimOf({ key, controllers }: JobDirectory, { jobs }: HeldJobs): GpuClaim {
  const held = jobs.find((one) => ('sluid' in key ? one.sluid === key.sluid : one.jobId === key.jobId));
  const folder = controllers.get('devices');
  const list = folder === undefined ? undefined : readText(`${folder}/devices.list`);
  return { key: keyText(key), held, minors: list === undefined ? undefined : readMinors(list) };
}

function readOrder(paths: Paths): GpuOrder | undefined {
  for (const file of GRES_CONF) {
    try {
      const text = readText(paths.of(file));
      if (text !== undefined) return readGpuOrder(text);
    } catch {
      // It is of no use where it may not be read.
    }
  }
  return undefined;
}
