import { constants } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import { MAX_NODES } from '../../domain/job.ts';
import type { Report } from '../../domain/report.ts';
import type { SpoolState } from '../../domain/slurm-health.ts';
import { type RepeatState, repeat } from '../../repeat.ts';
import { MAX_EVENT_BYTES, readEvent, readEventName } from './event.ts';
import { watchFolder } from './watch.ts';

/** Where files go that are no events, inside the spool folder. */
const BAD_FOLDER = 'bad';
const BATCH_FILES = 500;
/** Files that are read or removed at once: enough to keep the threads of the file system busy. */
const FILES_AT_ONCE = 32;
const POLL_MS = 5000;
/** The first notice of a burst is not worth a look of its own. */
const GATHER_MS = 20;
/** A hook takes milliseconds: one that has not renamed its file by then was killed. */
const ABANDONED_MS = 10 * 60_000;

interface SpoolOptions {
  readonly folder: string;
  /**
   * Takes the reports of some hundred files, oldest first; resolves when they are on disk. Their files are removed after
   * that, so the same reports come again when the process dies in between. Rejects only when nothing can be kept at
   * present: the files stay, and all of them come again. A single report that it will not have is its own affair.
   */
  readonly deliver: (reports: readonly Report[]) => Promise<void>;
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Between two looks without any notice. */
  readonly pollMs?: number;
}

export interface Spool {
  state(): SpoolState;
  /** How often the folder was looked at. */
  repeats(): RepeatState;
  /** Resolves when the batch at hand is through; the rest stays where it is. */
  stop(): Promise<void>;
}

/**
 * Delivers what the hooks write to a folder, starting with what is there. The folder may come later, vanish and come
 * back. Whatever goes wrong is told and tried again; only `stop` ends it.
 */
export function startSpool({ folder, deliver, warn, now, pollMs = POLL_MS }: SpoolOptions): Spool {
  const counts = { processed: 0, bad: 0, failed: 0 };
  let waiting: readonly string[] = [];
  /** Delivered, but they could not be removed. */
  const leftovers = new Set<string>();
  /** What has been told of the trouble there is, so that it is told once. */
  const told = new Set<string>();
  let hasTrouble = false;

  const watch = watchFolder(folder, (name) => {
    if (!name?.startsWith('.')) looks.wake(GATHER_MS);
  });

  const looks = repeat({
    everyMs: pollMs,
    run: async (signal) => void (await deliverAll(signal)),
    onError: (cause) => tell('slurm_events_not_stored', { folder, cause }),
  });

  /** Delivers all files that are there now. Rejects when the reports cannot be stored at present. */
  async function deliverAll(signal: AbortSignal): Promise<void> {
    hasTrouble = false;
    try {
      await watch.renew();
      waiting = await listEvents(folder, now());
    } catch (error) {
      waiting = [];
      tell('slurm_spool_unreadable', { folder, message: (error as Error).message });
    }
    while (waiting.length > 0 && !signal.aborted) waiting = waiting.slice(await deliverFiles(waiting));
    if (!hasTrouble) told.clear();
  }

  /** Delivers the first files, as many as one commit takes, and returns their number. */
  async function deliverFiles(waiting: readonly string[]): Promise<number> {
    const { read, count } = await readPortion(waiting);
    const names = waiting.slice(0, count);
    try {
      if (read.length > 0) await deliver(read.map(({ report }) => report));
    } catch (error) {
      counts.failed += read.length;
      throw error;
    }
    counts.processed += read.length;
    await mapFiles([...read.map(({ name }) => name), ...names.filter((name) => leftovers.has(name))], remove);
    return count;
  }

  /** Reads files until they are enough for one commit: a short list of nodes may stand for 100,000 of them. */
  async function readPortion(waiting: readonly string[]) {
    const read: { name: string; report: Report }[] = [];
    let count = 0;
    let nodes = 0;
    while (count < Math.min(waiting.length, BATCH_FILES) && nodes < MAX_NODES) {
      const names = waiting.slice(count, Math.min(count + FILES_AT_ONCE, BATCH_FILES));
      for (const file of await mapFiles(
        names.filter((name) => !leftovers.has(name)),
        readReport,
      )) {
        if (file) read.push(file);
        nodes += file?.report.nodes?.length ?? 0;
      }
      count += names.length;
    }
    return { read, count };
  }

  /** Undefined when there is nothing to deliver: the file has gone, has been moved aside, or stays for another try. */
  async function readReport(name: string): Promise<{ name: string; report: Report } | undefined> {
    try {
      return { name, report: readEvent(name, await readPlainFile(join(folder, name))) };
    } catch (error) {
      if (isFileError(error)) fail('slurm_event_unreadable', name, error);
      else await moveAside(name, error);
      return undefined;
    }
  }

  async function moveAside(name: string, reason: unknown): Promise<void> {
    try {
      await mkdir(join(folder, BAD_FOLDER), { recursive: true });
      await rename(join(folder, name), join(folder, BAD_FOLDER, name));
      counts.bad++;
      tell('slurm_event_invalid', { file: join(folder, BAD_FOLDER, name), cause: reason });
    } catch (error) {
      fail('slurm_event_not_moved', name, error);
    }
  }

  async function remove(name: string): Promise<void> {
    try {
      await unlink(join(folder, name));
      leftovers.delete(name);
    } catch (error) {
      fail('slurm_event_not_removed', name, error);
      if (!isGone(error)) leftovers.add(name);
    }
  }

  /** Somebody else may have taken the file away, which is no trouble. */
  function fail(event: string, name: string, error: unknown): void {
    if (isGone(error)) return;
    counts.failed++;
    tell(event, { file: join(folder, name), cause: error });
  }

  function tell(event: string, fields: Record<string, unknown>): void {
    hasTrouble = true;
    if (!told.has(event)) warn(event, fields);
    told.add(event);
  }

  return {
    state: () => ({ ...counts, ...describeWaiting(waiting) }),
    repeats: looks.state,
    async stop() {
      await looks.stop();
      watch.stop();
    },
  };
}

function describeWaiting(names: readonly string[]): Pick<SpoolState, 'length' | 'oldestMs'> {
  const oldestMs = readEventName(names[0] ?? '')?.timeMs;
  return { length: names.length, ...(oldestMs !== undefined && { oldestMs }) };
}

/** The names of the events in a folder, in the order of their time. Removes what killed hooks left half-written. */
async function listEvents(folder: string, nowMs: number): Promise<string[]> {
  const names = await readdir(folder);
  const unfinished = names.filter((name) => name.startsWith('.') && name.endsWith('.event.tmp'));
  await mapFiles(unfinished, async (name) => {
    const path = join(folder, name);
    try {
      if (nowMs - (await lstat(path)).mtimeMs > ABANDONED_MS) await unlink(path);
    } catch {
      // Finished meanwhile, or not ours to remove.
    }
  });
  return names.filter((name) => name.endsWith('.event') && !name.startsWith('.')).sort();
}

/** Never follows a link or waits for a pipe: whoever may write here must not make us read something else. */
async function readPlainFile(path: string): Promise<Uint8Array> {
  const found = await lstat(path);
  if (!found.isFile()) throw new AppError('validation_error', 'The event is not a plain file.');
  if (found.size > MAX_EVENT_BYTES) {
    throw new AppError('validation_error', `The event has more than ${MAX_EVENT_BYTES} bytes.`);
  }
  return readFile(path, { flag: constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK });
}

async function mapFiles<Result>(names: readonly string[], work: (name: string) => Promise<Result>) {
  const results: Result[] = [];
  for (let from = 0; from < names.length; from += FILES_AT_ONCE) {
    results.push(...(await Promise.all(names.slice(from, from + FILES_AT_ONCE).map(work))));
  }
  return results;
}

const isFileError = (error: unknown) => error instanceof Error && 'errno' in error;
const isGone = (error: unknown) => isFileError(error) && (error as NodeJS.ErrnoException).code === 'ENOENT';
