import { constants } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { invalid } from '../../domain/errors.ts';
import { MAX_EVENT_BYTES } from './variables.ts';

/** The folder for unreadable files, inside the spool folder. */
const BAD_FOLDER = 'bad';
const BATCH_FILES = 500;
/** Files that are read or removed concurrently: enough for the threads of the file system. */
const FILES_AT_ONCE = 32;
/** A hook takes milliseconds: if it has not renamed its file by then, it was killed. */
const ABANDONED_MS = 10 * 60_000;

/** How files are read, and how many of them at once. */
export interface EventReader<Event> {
  /** Throws `validation_error` for a file that is no event. */
  read(name: string, bytes: Uint8Array): Event;
  /** The size of an event; files are read until the sum is `maxSize`. */
  sizeOf?(event: Event): number;
  readonly maxSize?: number;
  readonly maxFiles?: number;
}

/** The files of one delivery: their events, and the files that are done with after it. */
interface Portion<Event> {
  readonly events: readonly Event[];
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
export function eventFiles<Event>(
  folder: string,
  { read: readEvent, sizeOf = () => 0, maxSize = 1, maxFiles = BATCH_FILES }: EventReader<Event>,
  counts: FileCounts,
  warn: Warn,
) {
  /** Files whose events are delivered but that could not be removed; they are not read again. */
  const leftovers = new Set<string>();

  /**
   * Resolves to undefined when the file was removed by another process, was moved aside, or is left for
   * another attempt.
   */
  async function readFileOf(name: string): Promise<{ name: string; event: Event } | undefined> {
    try {
      return { name, event: readEvent(name, await readPlainFile(join(folder, name))) };
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
    /** Reads files up to the size of one delivery. */
    async readPortion(waiting: readonly string[]): Promise<Portion<Event>> {
      const read: { name: string; event: Event }[] = [];
      let count = 0;
      let size = 0;
      while (count < Math.min(waiting.length, maxFiles) && size < maxSize) {
        const names = waiting.slice(count, Math.min(count + FILES_AT_ONCE, maxFiles));
        const unread = names.filter((name) => !leftovers.has(name));
        for (const file of await mapFiles(unread, readFileOf)) {
          if (!file) continue;
          read.push(file);
          size += sizeOf(file.event);
        }
        count += names.length;
      }
      const left = waiting.slice(0, count).filter((name) => leftovers.has(name));
      return {
        events: read.map(({ event }) => event),
        count,
        done: [...read.map(({ name }) => name), ...left],
      };
    },

    async moveAllAside(names: readonly string[], reason: unknown): Promise<void> {
      await mapFiles(names, (name) => moveAside(name, reason));
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
