import type { Measured } from '../domain/measure.ts';
import type { JobDirectory } from './cgroup/find.ts';
import { createAmd } from './collectors/amd.ts';
import { type Answer, type Beside, readBeside } from './collectors/beside.ts';
import type { GpuDevice, GpuReport } from './collectors/gpu.ts';
import { createNvidia, readPlaces } from './collectors/nvidia.ts';
import { readText } from './file.ts';
import { attributeGpus, type GpuClaim, type GpuOrder, readGpuOrder, readMinors } from './gpu-holders.ts';
import type { GpuUse } from './gpu-use.ts';
import { findHeld, type HeldJobs } from './held.ts';
import type { Paths } from './paths.ts';
import { type GpuReading, keyText, type Trouble } from './reading.ts';

interface GpusOptions {
  readonly paths: Paths;
  /** Adds up what jobs have of their GPUs. */
  readonly use: GpuUse;
  /** Folders in which programs are looked for, as in PATH; those of the system that is read when left out. */
  readonly path?: string;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonicMs: () => number;
  /** How long a round waits for programs. */
  readonly waitMs?: number;
  /** Programs are killed after this time. */
  readonly timeoutMs?: number;
}

export interface GpuRound {
  /** All GPUs of the node, held by jobs or not. */
  readonly devices: readonly GpuDevice[];
  /** GPUs by job, for all jobs of the node. Values are of now, or of up to five seconds ago. */
  readonly gpus: ReadonlyMap<string, readonly GpuReading[]>;
  /** What was added up by job. */
  readonly used: ReadonlyMap<string, Measured>;
  readonly troubles: readonly Trouble[];
  readonly dropped: number;
  /** When GPUs of jobs that were not read since these began can be read, from now. */
  readonly dueMs?: number;
}

export interface Gpus {
  /**
   * Decides which jobs hold which GPUs of this node, and reads these in a round of all jobs; between the
   * rounds only if a job with GPUs began since they were read, and not often. Never rejects.
   */
  read(jobs: readonly JobDirectory[], held: HeldJobs, isRound: boolean): Promise<GpuRound>;
  /** Whether the node had any GPU when they were read last. */
  hasGpus(): boolean;
}

/**
 * GPUs are read between the rounds no more often than this, however many jobs begin, and their values are
 * used again for as long: the first reading of a job may come too early to be sent.
 */
const EXTRA_MS = 5000;
/** Under another root than /, because the programs of this system say nothing of a captured tree. */
const pathOf = (paths: Paths): string => FOLDERS.map(paths.of).join(':');
const FOLDERS = ['/usr/bin', '/usr/local/bin', '/usr/sbin', '/bin', '/opt/rocm/bin', '/usr/local/nvidia/bin'];
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
  const { paths, use, path = pathOf(paths), monotonicMs, waitMs, timeoutMs } = options;
  const wait = { monotonicMs, ...(waitMs !== undefined && { waitMs }) };
  const programs = { paths, path, ...(timeoutMs !== undefined && { timeoutMs }) };
  const places = readBeside({
    name: '/proc/driver/nvidia',
    read: async () => (await readPlaces(paths)) ?? [],
    ...wait,
  });
  const sources = [
    createSource('nvidia', readBeside({ name: 'nvidia-smi', read: createNvidia(programs), ...wait }), places),
    createSource('amd', readBeside({ name: 'The reading of AMD GPUs', read: createAmd(programs), ...wait })),
  ];
  /** When each job was seen first: older answers say nothing of it. */
  let seenMs = new Map<string, number>();
  let lastExtraMs = Number.NEGATIVE_INFINITY;

  function see(claims: readonly GpuClaim[]): void {
    const nowMs = monotonicMs();
    seenMs = new Map(claims.map(({ key }) => [key, seenMs.get(key) ?? nowMs]));
  }

  const isNewer = (key: string) => sources.some((source) => source.askedMs() < (seenMs.get(key) ?? 0));
  /** Whether a job holds GPUs that were not read since it began. */
  const isUnread = (claims: readonly GpuClaim[]) =>
    claims.some(({ key, held, minors }) => (held?.gpuIds ?? minors ?? []).length > 0 && isNewer(key));

  return {
    hasGpus: () => sources.some((source) => source.hasGpus()),
    async read(jobs, held, isRound) {
      const troubles: Trouble[] = [];
      const claims = jobs.flatMap((job) => claimOf(job, held, troubles));
      see(claims);
      const waitsMs = Math.max(0, lastExtraMs + EXTRA_MS - monotonicMs());
      const isExtra = !isRound && waitsMs === 0 && isUnread(claims);
      if (isExtra) lastExtraMs = monotonicMs();
      const rounds = await Promise.all(
        sources.map((source) =>
          isRound || isExtra ? source.read() : source.remember(monotonicMs() - EXTRA_MS),
        ),
      );
      const devices = rounds.flatMap((round) => round.devices);
      const { gpus: holders, troubles: unknown } = attributeGpus(claims, devices, readOrder(paths));
      // What was read before a job began is not of the job.
      const gpus = new Map(
        [...holders].map(([key, own]) => [key, isNewer(key) ? own.map(withoutValues) : own]),
      );
      troubles.push(...rounds.flatMap((round) => round.troubles));
      if (unknown.length > 0) troubles.push({ collector: 'gpus', message: unknown[0]! });
      else if (devices.length > 0 && held.isMissing && claims.some(({ minors }) => minors === undefined))
        troubles.push({ collector: 'gpus', message: NO_HELD });
      const readMs = new Map(rounds.flatMap((round) => [...round.readMs]));
      return {
        devices,
        gpus,
        used: use.add({ gpus, readMs }, monotonicMs()),
        troubles,
        dropped: rounds.reduce((sum, round) => sum + round.dropped, 0),
        ...(!isRound && !isExtra && isUnread(claims) && { dueMs: waitsMs }),
      };
    },
  };
}

interface SourceRound extends Omit<GpuReport, 'lost'> {
  readonly troubles: readonly Trouble[];
  /** When the GPUs that have values were read, by UUID. */
  readonly readMs: ReadonlyMap<string, number>;
}

/** GPUs of one vendor: while they are not read, their names are those of before, without values. */
function createSource(collector: string, reading: Beside<GpuReport>, places?: Beside<GpuDevice[]>) {
  let names: readonly GpuDevice[] = [];
  let last: { readonly round: SourceRound; readonly ms: number } | undefined;

  const namesOnly = (troubles: readonly Trouble[] = []): SourceRound => ({
    devices: names,
    dropped: 0,
    troubles,
    readMs: new Map(),
  });

  async function readNames(): Promise<SourceRound> {
    if (names.length === 0) names = (await places?.read())?.value ?? [];
    const message = `${(reading.trouble() ?? 'No answer').replace(/\.$/, '')}.`;
    return namesOnly([{ collector, message }]);
  }

  function take({ value: { devices, lost, dropped }, endedMs }: Answer<GpuReport>): SourceRound {
    if (devices.length > 0) names = devices.map((device) => ({ ...device, values: {} }));
    const troubles = lost.length === 0 ? [] : [{ collector, message: describeLost(lost) }];
    const readMs = new Map(devices.map(({ uuid }) => [uuid, endedMs]));
    last = { round: { devices, dropped: 0, troubles: [], readMs }, ms: endedMs };
    return { devices, dropped, troubles, readMs };
  }

  return {
    async read(): Promise<SourceRound> {
      const answer = await reading.read();
      last = undefined;
      return answer === undefined ? readNames() : take(answer);
    },
    /** The GPUs of before, without values if they were read before `sinceMs`. */
    remember: async (sinceMs: number) => (last !== undefined && last.ms > sinceMs ? last.round : namesOnly()),
    askedMs: reading.askedMs,
    hasGpus: () => names.length > 0,
  };
}

const withoutValues = (gpu: GpuReading): GpuReading => ({ ...gpu, values: {} });

const describeLost = (lost: readonly string[]): string =>
  `The GPU ${lost.join(', ')} no longer answers. Drain the node, look for Xid in dmesg, and restart it.`;

/** What is known of a job's GPUs; nothing, with a trouble, where its list of devices may not be read. */
function claimOf({ key, controllers }: JobDirectory, held: HeldJobs, troubles: Trouble[]): GpuClaim[] {
  const folder = controllers.get('devices');
  try {
    const list = folder === undefined ? undefined : readText(`${folder}/devices.list`);
    const minors = list === undefined ? undefined : readMinors(list);
    return [{ key: keyText(key), held: findHeld(held, key), minors }];
  } catch (error) {
    const message = `${(error as Error).message}. Run the agent as the unit of deploy does, or as root.`;
    troubles.push({ collector: 'gpus', message });
    return [];
  }
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
