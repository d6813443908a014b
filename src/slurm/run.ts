import { AppError } from '../domain/errors.ts';
import type { Report } from '../domain/report.ts';
import { readExit } from './exit.ts';
import { remember } from './memo.ts';
import { readMemoryMb } from './memory.ts';
import { readCount } from './number.ts';
import { readRow } from './row.ts';
import { readText } from './text.ts';
import { readTimeLimitSeconds, readTimeMs } from './time.ts';
import { readTres } from './tres.ts';

/** Without these a run cannot be told from another, or not whether it started. */
const REQUIRED = ['JobIDRaw', 'State', 'Start', 'End', 'NodeList'];

/**
 * Reads the columns of one record; undefined for what is no run of its own: a step; what a job was before it changed its
 * size, which sacct keeps as RESIZING beside the record of the whole run; and what slurmdbd makes of the first step of a job of
 * which it has not been told yet, which waits, has nodes, and is called `allocation`. `validation_error` if it cannot be read.
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

  return (columns) => {
    if (columns[id]!.includes('.') || columns[state] === 'RESIZING') return undefined;
    if (columns[state] === 'PENDING' && readText(columns[nodeList]) !== undefined) return undefined;
    const tres = readKnownTres(columns[allocated] || columns[requested] || '');
    const endTimeMs = readTimeMs(columns[end]);
    const cpus = tres.cpus ?? (readCount(columns[cpuCount]) || undefined);
    const nodes = tres.nodes ?? readCount(columns[nodeCount]);
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
      state: columns[state]!,
      isPast: endTimeMs !== undefined,
      nodeList: columns[nodeList]!,
      submitTimeMs: readTimeMs(columns[submit]),
      startTimeMs: readTimeMs(columns[start]),
      endTimeMs,
      timeLimitSeconds: readLimit(columns[limit] ?? ''),
      cpus,
      memoryMb: tres.memoryMb ?? readMemoryMb(columns[reqMem], { cpus, nodes }),
      gpus: tres.gpus,
      exit: readKnownExit(columns[exit] ?? ''),
      restarts: readCount(columns[restarts]),
      // Of a job that has started it is still the last reason for which it waited.
      reason: columns[state] === 'PENDING' ? columns[reason] : undefined,
      name: columns[name],
      workDir: columns[workDir],
    });
  };
}
