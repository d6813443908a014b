import { AppError } from '../../domain/errors.ts';
import type { Report } from '../../domain/report.ts';
import { readText } from '../values/blank.ts';
import { readCount } from '../values/count.ts';
import { readExit } from '../values/exit.ts';
import { remember } from '../values/memoize.ts';
import { readMemoryMb } from '../values/memory.ts';
import { readSluids } from '../values/sluid.ts';
import { readTimeLimitSeconds, readTimeMs } from '../values/time.ts';
import { readTres } from '../values/tres.ts';
import { readRow } from './to-report.ts';

/** Without these a run cannot be told from another, or not whether it started. */
const REQUIRED = ['JobIDRaw', 'State', 'Start', 'End', 'NodeList'];

/**
 * Reads the columns of one record; undefined for what is no run of its own: a step, and what slurmdbd makes of the first
 * step of a job of which it has not been told yet, which waits, has nodes, and is called `allocation`. `validation_error` if it
 * cannot be read.
 *
 * What a job was before it changed its size is a record of its own, RESIZING, which says when the run began and when it
 * changed. The record of what it was afterwards begins at that moment since 24.11; it is known as such by its OriginalSLUID, where
 * there is one, or else by the record before it.
 */
export type ReadRun = (columns: readonly string[]) => Report | undefined;

const readKnownTres = remember(readTres);
const readLimit = remember(readTimeLimitSeconds);
const readKnownExit = remember(readExit);

/**
 * How to read records of sacct with columns of these names, in any order. `validation_error` when one is missing
 * without which no run is known. Where `AllocTRES` and `ReqTRES` say nothing, `AllocCPUS`, `NCPUS`, `NNodes` and `ReqMem` do.
 */
export function createRunReader(names: readonly string[], observedMs: number): ReadRun {
  const missing = REQUIRED.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw new AppError(
      'validation_error',
      `The output of sacct lacks ${missing.join(', ')}; it needs the columns ${REQUIRED.join(', ')}.`,
    );
  }
  const places = new Map(names.map((name, place) => [name, place]));
  const place = (name: string) => places.get(name) ?? names.length;
  const id = place('JobIDRaw');
  const shownId = place('JobID');
  const user = place('User');
  const account = place('Account');
  const partition = place('Partition');
  const qos = place('QOS');
  const cluster = place('Cluster');
  const state = place('State');
  const nodeList = place('NodeList');
  const submit = place('Submit');
  const start = place('Start');
  const end = place('End');
  const limit = place(places.has('TimelimitRaw') ? 'TimelimitRaw' : 'Timelimit');
  const allocated = place('AllocTRES');
  const requested = place('ReqTRES');
  const cpuCount = place(places.has('AllocCPUS') ? 'AllocCPUS' : 'NCPUS');
  const nodeCount = place('NNodes');
  const reqMem = place('ReqMem');
  const exit = place('ExitCode');
  const restarts = place('Restarts');
  const reason = place('Reason');
  const name = place('JobName');
  const workDir = place('WorkDir');
  const sluid = place('SLUID');
  const originalSluid = place('OriginalSLUID');
  const suspended = place('Suspended');
  const submitLine = place('SubmitLine');
  const eligible = place('Eligible');

  return (columns) => {
    if (columns[id]!.includes('.')) return undefined;
    if (columns[state] === 'PENDING' && readText(columns[nodeList]) !== undefined) return undefined;
    const report = readWhole(columns);
    return columns[state] === 'RESIZING' ? firstPart(report, readTimeMs(columns[end])) : report;
  };

  function readWhole(columns: readonly string[]): Report {
    const tres = readKnownTres(columns[allocated] || columns[requested] || '');
    const endTimeMs = readTimeMs(columns[end]);
    const cpus = tres.cpus ?? (readCount(columns[cpuCount]) || undefined);
    const nodes = tres.nodes ?? readCount(columns[nodeCount]);
    const startTimeMs = readTimeMs(columns[start]);
    const sluids = readSluids(columns[sluid], columns[originalSluid]);
    const isLaterPart = sluids.otherSluids !== undefined || isEmptied(columns, endTimeMs);
    return readRow({
      source: 'sacct',
      observedMs,
      id: columns[id]!,
      shownId: columns[shownId],
      user: columns[user],
      account: columns[account],
      partition: columns[partition],
      qos: columns[qos],
      cluster: columns[cluster],
      state: readVerdict(columns),
      isPast: isPast(columns[state]!, endTimeMs),
      nodeList: columns[nodeList]!,
      submitTimeMs: readTimeMs(columns[submit]),
      startTimeMs,
      endTimeMs,
      timeLimitSeconds: readLimit(columns[limit] ?? ''),
      cpus,
      memoryMb: tres.memoryMb ?? readMemoryMb(columns[reqMem], { cpus, nodes }),
      gpus: tres.gpus,
      exit: readKnownExit(columns[exit] ?? ''),
      restarts: readCount(columns[restarts]),
      // Of a job that has started it is still the last reason for which it waited.
      reason: columns[state] === 'PENDING' ? columns[reason] : undefined,
      name: readName(columns),
      workDir: columns[workDir],
      ...sluids,
      resizedMs: isLaterPart ? listOf(startTimeMs) : undefined,
      // Of a run that goes on, squeue knows it as it grows.
      suspendedSeconds: readSuspended(columns[endTimeMs === undefined ? names.length : suspended] ?? ''),
    });
  }

  /**
   * Of a run that ended by itself and was requeued for it, as those of scrontab are, accounting has REQUEUED all the same. It
   * is told by its exit code, and a good one by how jobs of scrontab look: no line of submission, and a wait for a full minute.
   */
  function readVerdict(columns: readonly string[]): string {
    const word = columns[state]!;
    if (word !== 'REQUEUED') return word;
    const { exitCode, signal } = readKnownExit(columns[exit] ?? '');
    if (signal !== undefined || exitCode === undefined) return word;
    if (exitCode > 0) return 'FAILED';
    const isOfCron =
      columns[submitLine] === '' &&
      columns[reason] === 'BeginTime' &&
      (readTimeMs(columns[eligible]) ?? 1) % 60_000 === 0;
    return isOfCron ? 'COMPLETED' : word;
  }

  /** slurmdbd calls a job that never started `allocation` as long as it has only been told of its end. */
  function readName(columns: readonly string[]): string | undefined {
    const isPlaceholder = columns[name] === 'allocation' && readText(columns[nodeList]) === undefined;
    return isPlaceholder ? undefined : columns[name];
  }

  /** Whether another job took all nodes of a job: it is over, for ever without an end. */
  function isEmptied(columns: readonly string[], endTimeMs: number | undefined): boolean {
    return (
      endTimeMs === undefined && columns[state] === 'COMPLETED' && readText(columns[nodeList]) === undefined
    );
  }
}

/** A part that another one follows has an end, and its run has none. */
const isPast = (state: string, endTimeMs: number | undefined): boolean =>
  endTimeMs !== undefined && state !== 'RESIZING';

/** What a run was up to a change of its size says nothing of the size that it has. */
function firstPart(report: Report, resizedMs: number | undefined): Report | undefined {
  if (resizedMs === undefined) return undefined;
  const { nodes, cpus, memoryLimitMb, gpus, suspendedSeconds, ...rest } = report;
  return { ...rest, observedMs: resizedMs, resizedMs: [...(report.resizedMs ?? []), resizedMs] };
}

const listOf = (timeMs: number | undefined): number[] | undefined =>
  timeMs === undefined ? undefined : [timeMs];

/** Absent instead of 0: most runs never are. */
const readSuspended = remember((text) => readTimeLimitSeconds(text) || undefined);
