import { energyOfWholeNodes } from '../../domain/energy.ts';
import { invalid } from '../../domain/errors.ts';
import type { Report } from '../../domain/report.ts';
import { readText } from '../values/blank.ts';
import { readCount } from '../values/count.ts';
import { readExit } from '../values/exit.ts';
import { memoize } from '../values/memoize.ts';
import { readMemoryMb } from '../values/memory.ts';
import { readSluids } from '../values/sluid.ts';
import { readTimeLimitSeconds, readTimeMs } from '../values/time.ts';
import { readTres } from '../values/tres.ts';
import { toReport } from './to-report.ts';

/** Without these columns runs cannot be distinguished, or whether they started. */
const REQUIRED = ['JobIDRaw', 'State', 'Start', 'End', 'NodeList'];

/**
 * Converts the columns of one record to a report; undefined
 * for a record that is not a run. Throws `validation_error`.
 */
export type ReadRecord = (columns: readonly string[]) => Report | undefined;

/** Returns the CPUs of a node; undefined if unknown. */
export type CpusOf = (node: string) => number | undefined;

/**
 * Returns a function that reads records of sacct with columns of these names, in any order. Throws
 * `validation_error` when a required column is missing. Without `AllocTRES` and `ReqTRES`, it reads
 * `AllocCPUS`, `NCPUS`, `NNodes` and `ReqMem`.
 *
 * Two kinds of record are not runs: a step, and what slurmdbd makes of the first step of a job that has not
 * been registered yet: PENDING, with nodes. After a change of size a run has several records. All but the
 * last are RESIZING and end when the size changed. Since 24.11 the last one starts at that moment; it is
 * recognized by its OriginalSLUID, where there is one, else by the record before it.
 */
export function createRecordReader(
  names: readonly string[],
  observedMs: number,
  cpusOf: CpusOf = () => undefined,
): ReadRecord {
  const missing = REQUIRED.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw invalid(
      `The output of sacct lacks ${missing.join(', ')}; it needs the columns ${REQUIRED.join(', ')}.`,
    );
  }
  const at = indexColumns(names);
  return (columns) => {
    if (columns[at.id]!.includes('.')) return undefined;
    if (columns[at.state] === 'PENDING' && readText(columns[at.nodeList]) !== undefined) return undefined;
    const report = readRun(columns, at, observedMs);
    return columns[at.state] === 'RESIZING'
      ? toFirstPart(report, readTimeMs(columns[at.end]))
      : addEnergy(report, columns, at, cpusOf);
  };
}

/**
 * Returns the index of each column; for one that is not there
 * an index beyond the end, where the text is undefined.
 */
function indexColumns(names: readonly string[]) {
  const indexes = new Map(names.map((name, index) => [name, index]));
  const indexOf = (name: string) => indexes.get(name) ?? names.length;
  return {
    id: indexOf('JobIDRaw'),
    displayedId: indexOf('JobID'),
    user: indexOf('User'),
    account: indexOf('Account'),
    partition: indexOf('Partition'),
    qos: indexOf('QOS'),
    cluster: indexOf('Cluster'),
    state: indexOf('State'),
    nodeList: indexOf('NodeList'),
    submit: indexOf('Submit'),
    start: indexOf('Start'),
    end: indexOf('End'),
    limit: indexOf(indexes.has('TimelimitRaw') ? 'TimelimitRaw' : 'Timelimit'),
    allocated: indexOf('AllocTRES'),
    requested: indexOf('ReqTRES'),
    cpuCount: indexOf(indexes.has('AllocCPUS') ? 'AllocCPUS' : 'NCPUS'),
    nodeCount: indexOf('NNodes'),
    reqMem: indexOf('ReqMem'),
    exit: indexOf('ExitCode'),
    restarts: indexOf('Restarts'),
    reason: indexOf('Reason'),
    name: indexOf('JobName'),
    workDir: indexOf('WorkDir'),
    sluid: indexOf('SLUID'),
    originalSluid: indexOf('OriginalSLUID'),
    suspended: indexOf('Suspended'),
    energy: indexOf('ConsumedEnergyRaw'),
    submitLine: indexOf('SubmitLine'),
    eligible: indexOf('Eligible'),
  };
}

type ColumnIndexes = ReturnType<typeof indexColumns>;

const readKnownTres = memoize(readTres);
const readLimit = memoize(readTimeLimitSeconds);
const readKnownExit = memoize(readExit);
/** Absent instead of 0, because most runs are never suspended. */
const readSuspended = memoize((text) => readTimeLimitSeconds(text) || undefined);

function readRun(columns: readonly string[], at: ColumnIndexes, observedMs: number): Report {
  const tres = readKnownTres(columns[at.allocated] || columns[at.requested] || '');
  const endTimeMs = readTimeMs(columns[at.end]);
  const cpus = tres.cpus ?? (readCount(columns[at.cpuCount]) || undefined);
  const nodes = tres.nodes ?? readCount(columns[at.nodeCount]);
  const startTimeMs = readTimeMs(columns[at.start]);
  const sluids = readSluids(columns[at.sluid], columns[at.originalSluid]);
  const isLaterPart = sluids.otherSluids !== undefined || isEmptied(columns, at, endTimeMs);
  return toReport({
    source: 'sacct',
    observedMs,
    id: columns[at.id]!,
    displayedId: columns[at.displayedId],
    user: columns[at.user],
    account: columns[at.account],
    partition: columns[at.partition],
    qos: columns[at.qos],
    cluster: columns[at.cluster],
    state: readEndState(columns, at),
    isPast: endTimeMs !== undefined && columns[at.state] !== 'RESIZING',
    nodeList: columns[at.nodeList]!,
    submitTimeMs: readTimeMs(columns[at.submit]),
    startTimeMs,
    endTimeMs,
    timeLimitSeconds: readLimit(columns[at.limit] ?? ''),
    cpus,
    memoryMb: tres.memoryMb ?? readMemoryMb(columns[at.reqMem], { cpus, nodes }),
    gpus: tres.gpus,
    nodeCount: nodes,
    exit: readKnownExit(columns[at.exit] ?? ''),
    restarts: readCount(columns[at.restarts]),
    // After the start of a job this is still the last reason for which it waited.
    reason: columns[at.state] === 'PENDING' ? columns[at.reason] : undefined,
    name: readName(columns, at),
    workDir: columns[at.workDir],
    ...sluids,
    resizedMs: isLaterPart && startTimeMs !== undefined ? [startTimeMs] : undefined,
    // While the run goes on, squeue has the more recent value.
    suspendedSeconds: endTimeMs === undefined ? undefined : readSuspended(columns[at.suspended] ?? ''),
  });
}

/**
 * Adds the energy of a run that has ended. Without its steps, Slurm has it among the resources alone. After a
 * change of size the record is of the last part alone.
 */
function addEnergy(report: Report, columns: readonly string[], at: ColumnIndexes, cpusOf: CpusOf): Report {
  const joules =
    readCount(columns[at.energy]) || readKnownTres(columns[at.allocated] ?? '').energyJoules || undefined;
  if (joules === undefined || report.endTimeMs === undefined || report.resizedMs !== undefined) return report;
  const energyJoules = energyOfWholeNodes({ joules, cpus: report.cpus, nodes: report.nodes }, cpusOf);
  return energyJoules === undefined ? report : { ...report, energyJoules, energyMethod: 'slurm' };
}

/**
 * Returns the state of the record. Accounting has REQUEUED even for a run that ended by itself, such as every
 * run of a scrontab job. A non-zero exit code shows such a run; with exit code 0, a scrontab job is
 * recognized by its empty SubmitLine and its eligible time on a full minute.
 */
function readEndState(columns: readonly string[], at: ColumnIndexes): string {
  const state = columns[at.state]!;
  if (state !== 'REQUEUED') return state;
  const { exitCode, signal } = readKnownExit(columns[at.exit] ?? '');
  if (signal !== undefined || exitCode === undefined) return state;
  if (exitCode > 0) return 'FAILED';
  const isScrontab =
    columns[at.submitLine] === '' &&
    columns[at.reason] === 'BeginTime' &&
    (readTimeMs(columns[at.eligible]) ?? 1) % 60_000 === 0;
  return isScrontab ? 'COMPLETED' : state;
}

/** Reads the name. A job that never started is called `allocation` while slurmdbd knows only its end. */
function readName(columns: readonly string[], at: ColumnIndexes): string | undefined {
  const isPlaceholder = columns[at.name] === 'allocation' && readText(columns[at.nodeList]) === undefined;
  return isPlaceholder ? undefined : columns[at.name];
}

/** Returns whether the job lost all nodes to another job: it has ended, but its record never gets an end. */
function isEmptied(columns: readonly string[], at: ColumnIndexes, endTimeMs: number | undefined): boolean {
  return (
    endTimeMs === undefined &&
    columns[at.state] === 'COMPLETED' &&
    readText(columns[at.nodeList]) === undefined
  );
}

/**
 * Converts the report of a RESIZING record, whose size no
 * longer holds; undefined without the time of the change.
 */
function toFirstPart(report: Report, resizedMs: number | undefined): Report | undefined {
  if (resizedMs === undefined) return undefined;
  const { nodes, nodeCount, cpus, memoryLimitMb, gpus, suspendedSeconds, ...rest } = report;
  return { ...rest, observedMs: resizedMs, resizedMs: [...(report.resizedMs ?? []), resizedMs] };
}
