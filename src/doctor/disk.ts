import { type Checkup, missing, ok, wrong } from '../domain/checkup.ts';
import { formatBytes } from '../domain/figures.ts';

/** What is known of the disk of a database. */
export interface DiskState {
  readonly folder: string;
  readonly databaseBytes: number;
  readonly freeBytes: number;
  /** Number of the type of the file system, from statfs(2). */
  readonly fileSystem: number;
  /** The median time of a write that is flushed; undefined if the folder is not writable. */
  readonly flushMs: number | undefined;
}

/** Magic numbers of statfs(2) of file systems that other machines share (linux/magic.h, lustre_user.h). */
const SHARED: Readonly<Record<number, string>> = {
  26985: 'NFS',
  198183888: 'Lustre',
  4283649346: 'CIFS',
  1198418516: 'GFS2',
  1195788114: 'GPFS',
  1684300900: 'BeeGFS',
};
const MIN_FREE_BYTES = 1_000_000_000;
/** Below it, a migration, which copies the database first, has no room. */
const ROOM = 1.5;
/** Every commit waits for one flush; a good disk takes below 5 ms. */
const SLOW_FLUSH_MS = 50;

/** Judges room, kind and speed of the disk of a database. */
export function judgeDisk(disk: DiskState): Checkup[] {
  return [judgeRoom(disk), judgeFileSystem(disk), judgeFlush(disk)];
}

function judgeRoom({ folder, databaseBytes, freeBytes }: DiskState): Checkup {
  const what = `${folder} has ${formatBytes(freeBytes)} left, and the database takes ${formatBytes(databaseBytes)}`;
  if (freeBytes < MIN_FREE_BYTES)
    return wrong(
      `${what}: soon nothing can be stored.`,
      'Free space, or shorten --sample-retention; docs/storage.md says what takes how much.',
    );
  if (freeBytes < databaseBytes * ROOM)
    return missing(
      `${what}: too little for the copy that an upgrade makes.`,
      `Free ${formatBytes(databaseBytes * ROOM - freeBytes)} before the next upgrade.`,
    );
  return ok(`${what}.`);
}

function judgeFileSystem({ folder, fileSystem }: DiskState): Checkup {
  const shared = SHARED[fileSystem];
  if (shared === undefined) return ok(`${folder} is on a file system of this machine.`);
  return wrong(
    `${folder} is on ${shared}, where SQLite’s write-ahead log does not work safely.`,
    'Move the database to a local disk (--database).',
  );
}

function judgeFlush({ folder, flushMs }: DiskState): Checkup {
  if (flushMs === undefined)
    return missing(
      `The speed of the disk was not measured, because this user may not write to ${folder}.`,
      'Run this command as the user of the service, or as root.',
    );
  const what = `A write to ${folder} takes ${flushMs.toFixed(1)} ms to be on disk`;
  if (flushMs <= SLOW_FLUSH_MS) return ok(`${what}.`);
  return wrong(
    `${what}, and every commit waits for that.`,
    'Use a faster disk; docs/benchmarks.md has figures.',
  );
}
