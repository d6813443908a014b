import { constants } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { invalid } from '../../domain/errors.ts';
import { MAX_NODES } from '../../domain/job.ts';
import type { Report } from '../../domain/report.ts';
import { readEvent } from './event.ts';
import { MAX_EVENT_BYTES } from './variables.ts';

/** The folder for unreadable files, inside the spool folder. */
const BAD_FOLDER = 'bad';
const BATCH_FILES = 500;
/** Files that are read or removed concurrently: enough for the threads of the file system. */
const FILES_AT_ONCE = 32;
/** A hook takes milliseconds: if it has not renamed its file by then, it was killed. */
const ABANDONED_MS = 10 * 60_000;

/** The files of one commit: their reports, and the files that are done with once these are stored. */
interface Portion {
  readonly reports: readonly Report[];
  /** Files read, moved aside or skipped. */
  readonly count: number;
  readonly done: readonly string[];
}

/** Files since the start. */
interface FileCounts {
  bad: number;
  failed: number;
}

type Warn = (event: string, fields: Record<string, unknown>) => void;

/**
 * Lists, reads and removes the event files of a folder, and
 * moves unreadable ones aside. Counts them in `counts`.
 */
export function eventFiles(folder: string, counts: FileCounts, warn: Warn) {
  /** Files whose reports are stored but that could not be removed; they are not read again. */
  const leftovers = new Set<string>();

  /**
   * Resolves to undefined when the file was removed by another process, was moved aside, or is left for
   * another attempt.
   */
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
      warn('slurm_event_invalid', { file: join(folder, BAD_FOLDER, name), cause: reason });
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

  /** Counts and logs a failure, unless another process removed the file. */
  function fail(event: string, name: string, error: unknown): void {
    if (isGone(error)) return;
    counts.failed++;
    warn(event, { file: join(folder, name), cause: error });
  }

  return {
    /**
     * Reads files up to the size of one commit, in files and in nodes: a short node list may expand to
     * 100,000 nodes.
     */
    async readPortion(waiting: readonly string[]): Promise<Portion> {
      const read: { name: string; report: Report }[] = [];
      let count = 0;
      let nodes = 0;
      while (count < Math.min(waiting.length, BATCH_FILES) && nodes < MAX_NODES) {
        const names = waiting.slice(count, Math.min(count + FILES_AT_ONCE, BATCH_FILES));
        const unread = names.filter((name) => !leftovers.has(name));
        for (const file of await mapFiles(unread, readReport)) {
          if (file) read.push(file);
          nodes += file?.report.nodes?.length ?? 0;
        }
        count += names.length;
      }
      const left = waiting.slice(0, count).filter((name) => leftovers.has(name));
      return {
        reports: read.map(({ report }) => report),
        count,
        done: [...read.map(({ name }) => name), ...left],
      };
    },

    async removeAll(names: readonly string[]): Promise<void> {
      await mapFiles(names, remove);
    },
  };
}

/**
 * Lists the events of a folder in the order of their times,
 * and removes files that killed hooks left unfinished.
 */
export async function listEvents(folder: string, nowMs: number): Promise<string[]> {
  const names = await readdir(folder);
  const unfinished = names.filter((name) => name.startsWith('.') && name.endsWith('.event.tmp'));
  await mapFiles(unfinished, async (name) => {
    const path = join(folder, name);
    try {
      if (nowMs - (await lstat(path)).mtimeMs > ABANDONED_MS) await unlink(path);
    } catch {
      // The hook finished in the meantime, or the file belongs to another user.
    }
  });
  return names.filter((name) => name.endsWith('.event') && !name.startsWith('.')).sort();
}

/**
 * Reads a file without following links or waiting for a pipe,
 * because other users may be able to create files here.
 */
async function readPlainFile(path: string): Promise<Uint8Array> {
  const found = await lstat(path);
  if (!found.isFile()) throw invalid('The event is not a plain file.');
  if (found.size > MAX_EVENT_BYTES) throw invalid(`The event is larger than ${MAX_EVENT_BYTES} bytes.`);
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
