import { defined } from '../defined.ts';
import { clockDifferenceMs, isSilent, type NodeGpu, type ReceivedReport } from '../node-report.ts';
import type { NodeJob } from './node-job.ts';
import type { GpuCount, SchedulerNode, SchedulerNodes } from './scheduler-node.ts';

/** What a node has of something, what its jobs were given and what they use; the unknown is absent. */
export interface NodeAmount {
  readonly total?: number;
  readonly allocated?: number;
  readonly used?: number;
}

/** What the newest report of an agent says that matters beside those of other nodes. */
export interface AgentNow {
  readonly receivedMs: number;
  readonly isSilent: boolean;
  readonly intervalMs: number;
  readonly version: string;
  readonly clockDifferenceMs: number;
  readonly load1?: number;
  /** Power of its GPUs. */
  readonly gpuPowerWatts?: number;
  /** What its collectors could not read. */
  readonly troubles: readonly string[];
}

/** Whose a job is, and which. */
export type OwnedJob = Pick<NodeJob, 'jobId' | 'user' | 'account'>;

/** A node at one moment, from its agent, the scheduler and the running jobs. */
export interface NodeNow {
  readonly node: string;
  readonly scheduler?: SchedulerNode;
  readonly agent?: AgentNow;
  readonly jobs: readonly OwnedJob[];
  readonly cpus: NodeAmount;
  /** MB of 2^20 bytes. */
  readonly memoryMb: NodeAmount;
  readonly gpus: NodeAmount;
  readonly gpuModels: readonly GpuCount[];
}

const MB = 1024 * 1024;
/** Usage of a job is of the present for this long, as a report is. */
const FRESH_MS = 5 * 60_000;
/** A node is shown with this much of what is amiss; its own page has all. */
const MAX_TROUBLES = 3;

/** What is added up of one node. */
interface Gathered {
  readonly jobs: OwnedJob[];
  readonly allocated: Sums;
  readonly used: Sums;
  report?: ReportNow;
}

interface Sums {
  cpus?: number;
  memoryMb?: number;
  gpus?: number;
}

/** What is kept of a report: those of 10,000 nodes with 8 GPUs each would be 40 MB. */
interface ReportNow {
  readonly agent: AgentNow;
  readonly total: Sums;
  readonly used: Sums;
  readonly models: readonly GpuCount[];
}

/** Gathers what is known of every node. */
export function nodeCollector(nowMs: number, scheduler: SchedulerNodes | undefined) {
  const nodes = new Map<string, Gathered>();
  for (const name of scheduler?.nodes.keys() ?? []) gatheredOf(name);

  function gatheredOf(name: string): Gathered {
    const known = nodes.get(name);
    if (known) return known;
    const created: Gathered = { jobs: [], allocated: {}, used: {} };
    nodes.set(name, created);
    return created;
  }

  return {
    /** Adds a node, even if nothing else is known of it. */
    addNode(name: string): void {
      gatheredOf(name);
    },

    addJob(job: NodeJob): void {
      const gathered = gatheredOf(job.node);
      gathered.jobs.push(defined({ jobId: job.jobId, user: job.user, account: job.account }));
      addTo(gathered.allocated, job);
      if (job.usageTimeMs !== undefined && nowMs - job.usageTimeMs <= FRESH_MS)
        addTo(gathered.used, usageOf(job));
    },

    addReport(received: ReceivedReport): void {
      gatheredOf(received.report.node).report = reportNow(received, nowMs);
    },

    /** Yields the nodes in the order of their names. */
    *nodes(): Generator<NodeNow> {
      for (const node of [...nodes.keys()].sort())
        yield nodeNow(node, nodes.get(node)!, scheduler?.nodes.get(node));
    },
  };
}

function addTo(sums: Sums, values: Sums): void {
  for (const key of ['cpus', 'memoryMb', 'gpus'] as const)
    if (values[key] !== undefined) sums[key] = (sums[key] ?? 0) + values[key];
}

/** What a job uses of a node, in the units of what it was given. */
const usageOf = ({ cpus, gpus, cpuUsage, gpuUsage, memoryUsageMb }: NodeJob): Sums =>
  defined({
    cpus: share(cpus, cpuUsage),
    memoryMb: memoryUsageMb,
    gpus: share(gpus, gpuUsage),
  });

const share = (given: number | undefined, percent: number | undefined): number | undefined =>
  given === undefined || percent === undefined ? undefined : (given * percent) / 100;

function reportNow(received: ReceivedReport, nowMs: number): ReportNow {
  const { version, values, gpus, collectors } = received.report;
  const silent = isSilent(received, nowMs);
  const messages = collectors.flatMap(({ message }) => message ?? []);
  return {
    agent: defined({
      receivedMs: received.receivedMs,
      isSilent: silent,
      intervalMs: received.report.intervalMs,
      version,
      clockDifferenceMs: clockDifferenceMs(received),
      load1: silent ? undefined : round(values.load1, 1),
      gpuPowerWatts: silent ? undefined : sumOf(gpus.map(({ powerWatts }) => powerWatts)),
      troubles: silent ? [] : messages.slice(0, MAX_TROUBLES),
    }),
    total: defined({
      cpus: values.cpus,
      memoryMb: values.memoryBytes && Math.round(values.memoryBytes / MB),
      // No GPUs and no collector of GPUs look the same, so that none is no number.
      gpus: gpus.length > 0 ? gpus.length : undefined,
    }),
    // Old values would pass for those of now.
    used: silent
      ? {}
      : defined({
          cpus: values.jobCpusUsed,
          memoryMb: values.jobMemoryBytes === undefined ? undefined : values.jobMemoryBytes / MB,
          gpus: usedGpus(gpus),
        }),
    models: [...Map.groupBy(gpus, ({ model }) => model)].map(([model, of]) =>
      defined({ model, total: of.length }),
    ),
  };
}

function usedGpus(gpus: readonly NodeGpu[]): number | undefined {
  const percent = sumOf(gpus.map(({ utilizationPercent }) => utilizationPercent));
  return percent === undefined ? undefined : percent / 100;
}

/** The sum of what is known; undefined if nothing is. */
function sumOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, one) => sum + one, 0);
}

function nodeNow(node: string, gathered: Gathered, scheduler: SchedulerNode | undefined): NodeNow {
  const { jobs, allocated, report } = gathered;
  // Of a node without jobs nothing is given, and of one whose agent counts, that counts.
  const given: Sums = jobs.length === 0 ? { cpus: 0, memoryMb: 0, gpus: 0 } : allocated;
  const used: Sums = { ...gathered.used, ...report?.used };
  const models = modelsOf(scheduler, report);
  const total = models.length === 0 ? report?.total.gpus : models.reduce((sum, one) => sum + one.total, 0);
  return defined<NodeNow>({
    node,
    scheduler,
    agent: report?.agent,
    jobs,
    cpus: amount(1, scheduler?.cpus ?? report?.total.cpus, scheduler?.cpusAllocated ?? given.cpus, used.cpus),
    memoryMb: amount(
      0,
      scheduler?.memoryMb ?? report?.total.memoryMb,
      scheduler?.memoryAllocatedMb ?? given.memoryMb,
      used.memoryMb,
    ),
    gpus: amount(2, total, allocatedOf(models) ?? given.gpus, used.gpus),
    gpuModels: models,
  });
}

/** The scheduler's types, which people ask for; where it has none, the models that the agent found. */
function modelsOf(scheduler: SchedulerNode | undefined, report: ReportNow | undefined): readonly GpuCount[] {
  const known = scheduler?.gpus ?? [];
  const [only] = known;
  if (!only) return report?.models ?? [];
  const [found, ...others] = report?.models ?? [];
  if (known.length > 1 || only.model !== undefined || found?.model === undefined || others.length > 0)
    return known;
  return [{ ...only, model: found.model }];
}

function allocatedOf(models: readonly GpuCount[]): number | undefined {
  if (models.length === 0 || models.some(({ allocated }) => allocated === undefined)) return undefined;
  return models.reduce((sum, { allocated }) => sum + allocated!, 0);
}

/** Short, because the list of 10,000 nodes is sent again and again. */
const round = (value: number | undefined, digits: number): number | undefined =>
  value === undefined ? undefined : Number(value.toFixed(digits));

const amount = (digits: number, total?: number, allocated?: number, used?: number): NodeAmount =>
  defined({ total, allocated: round(allocated, digits), used: round(used, digits) });
