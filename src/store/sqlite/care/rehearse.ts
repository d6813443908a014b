import { existsSync } from 'node:fs';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OperatorError } from '../../../domain/errors.ts';
import { openForWriting } from '../file/connection.ts';
import { migrate } from '../file/migrate.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { type CopyOptions, copyDatabase, readVersion, sizeWithLog } from './copy.ts';

/** Times the size of the database that a rehearsal takes: the copy, the copy of the copy, and its log. */
const ROOM = 3;

export interface Rehearsed {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  /** How long the service would start later; 0 if there is nothing to migrate. */
  readonly migrateSeconds: number;
}

/**
 * Migrates a copy of a database, which a service may be using, and says how long that took. The copy is made
 * in `folder` and removed. Rejects with OperatorError if there is too little room, or the migration fails.
 */
export async function rehearseUpgrade(
  path: string,
  folder = dirname(path),
  options: CopyOptions = {},
): Promise<Rehearsed> {
  const from = readVersion(path);
  const to = MIGRATIONS.length;
  const bytes = await sizeWithLog(path);
  if (from >= to) return { from, to, bytes, migrateSeconds: 0 };
  if (!existsSync(folder)) throw new OperatorError(`The folder ${folder} does not exist.`);
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes * ROOM)
    throw new OperatorError(
      `${folder} has ${toMib(bavail * bsize)} MiB left, and the rehearsal needs ${toMib(bytes * ROOM)}. ` +
        'Name a folder with more room with --in.',
    );
  const place = await mkdtemp(join(folder, 'hpc-observe-rehearsal-'));
  try {
    const copy = join(place, basename(path));
    await copyDatabase(path, copy, options);
    const startedMs = performance.now();
    const db = openForWriting(copy);
    try {
      migrate(db, copy);
    } finally {
      db.close();
    }
    return { from, to, bytes, migrateSeconds: (performance.now() - startedMs) / 1000 };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

const toMib = (bytes: number): number => Math.ceil(bytes / 2 ** 20);
